/* SPDX-License-Identifier: ISC */
/* What rotates, where the test says what sysfs(5) has. */
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "device.h"

#define SYSFS	"/sys/dev/block"
#define MADE	makedev(7, 200)		/* a device of ours */

static bool	alone;			/* in a mount namespace of our own */

/* Disk "disk" of one partition: this number is the one or the other. */
static void
give(dev_t dev, bool partition, const char *rotational)
{
	char	path[80];
	FILE	*fp;

	assert_int_equal(mount("none", SYSFS, "tmpfs", 0, NULL), 0);
	assert_int_equal(mkdir(SYSFS "/disk", 0755), 0);
	assert_int_equal(mkdir(SYSFS "/disk/part", 0755), 0);
	assert_int_equal(mkdir(SYSFS "/disk/queue", 0755), 0);
	fp = fopen(SYSFS "/disk/queue/rotational", "w");
	assert_non_null(fp);
	fputs(rotational, fp);
	fclose(fp);
	snprintf(path, sizeof(path), SYSFS "/%u:%u", major(dev), minor(dev));
	assert_int_equal(symlink(partition ? "disk/part" : "disk", path), 0);
}

static void
assert_kind(const char *dir, enum device_kind kind)
{
	int	fd = open(dir, O_PATH | O_DIRECTORY);

	assert_int_not_equal(fd, -1);
	assert_int_equal(device_kind(fd), kind);
	close(fd);
}

static void
assert_kinds(const char *dir, dev_t dev)
{
	bool	partition;

	for (partition = false;; partition = true) {
		give(dev, partition, "1\n");
		assert_kind(dir, DEVICE_ROTATING);
		assert_int_equal(umount(SYSFS), 0);
		give(dev, partition, "0\n");
		assert_kind(dir, DEVICE_SOLID);
		assert_int_equal(umount(SYSFS), 0);
		if (partition)
			break;
	}
	give(makedev(7, 201), false, "1\n");
	assert_kind(dir, DEVICE_UNKNOWN);
	assert_int_equal(umount(SYSFS), 0);
}

static void
test_disk(void **state)
{
	struct stat	st;

	(void)state;
	if (!alone || stat("/", &st) == -1 || major(st.st_dev) == 0)
		return;
	assert_kinds("/", st.st_dev);
}

/* File systems with numbers of their own: mountinfo names the device. */
static void
test_mounted(void **state)
{
	(void)state;
	if (!alone || mount("none", "/dev/shm", "tmpfs", 0, NULL) == -1)
		return;
	assert_int_equal(mknod("/dev/shm/disk", S_IFBLK | 0600, MADE), 0);
	assert_int_equal(mount("/dev/shm/disk", "/mnt", "tmpfs", 0, NULL), 0);
	assert_kinds("/mnt", MADE);
	assert_int_equal(umount("/mnt"), 0);
	assert_kind("/dev/shm", DEVICE_UNKNOWN);
	assert_int_equal(umount("/dev/shm"), 0);
}

int
main(void)
{
	const struct CMUnitTest	tests[] = {
		cmocka_unit_test(test_disk),
		cmocka_unit_test(test_mounted),
	};

	/* It takes root. */
	alone = unshare(CLONE_NEWNS) == 0 &&
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	    access(SYSFS, X_OK) == 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
