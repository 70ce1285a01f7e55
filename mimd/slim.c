/* SPDX-License-Identifier: ISC */
#include <sys/mman.h>

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <unistd.h>

#include "slim.h"

#define FREED_EACH	256

/* What nobody may write to is as it is in its file. */
static int
drop_pages(struct dl_phdr_info *object, size_t size, void *arg)
{
	const ElfW(Phdr)	*p;
	uintptr_t		 page = (uintptr_t)getpagesize(), from, to;
	int			 i;

	(void)size;
	(void)arg;
	for (i = 0; i < object->dlpi_phnum; i++) {
		p = &object->dlpi_phdr[i];
		if (p->p_type != PT_LOAD || (p->p_flags & PF_W) != 0)
			continue;
		from = (object->dlpi_addr + p->p_vaddr) & ~(page - 1);
		to = object->dlpi_addr + p->p_vaddr + p->p_memsz;
		madvise((void *)from, to - from, MADV_DONTNEED);
	}
	return 0;
}

void
slim_started(void)
{
	dl_iterate_phdr(drop_pages, NULL);
	slim_heap();
}

void
slim_heap(void)
{
	malloc_trim(0);
}

void
slim_freed(unsigned int *n)
{
	if (++*n % FREED_EACH == 0)
		slim_heap();
}
