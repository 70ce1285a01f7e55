/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "socks.h"

#define VERSION		5U
#define LOGIN_VERSION	1U
#define CONNECT		1U
#define METHOD_PLAIN	0U		/* no log-in */
#define METHOD_LOGIN	2U
#define METHOD_NONE	0xffU
#define ADDRESS_V4	1U
#define ADDRESS_NAME	3U
#define ADDRESS_V6	4U

/* What is read next. */
enum step {
	STEP_METHOD,		/* version, method */
	STEP_LOGIN,		/* version, status */
	STEP_REPLY,		/* version, reply */
	STEP_ADDRESS,		/* reserved, type, first byte of the address */
	STEP_REST		/* of the address, and the port */
};

static void
expect(struct socks *s, enum step step, size_t n)
{
	s->step = (uint8_t)step;
	s->need = (uint16_t)n;
	s->have = 0;
}

static void
end(struct socks *s, enum socks_want want, const char *why)
{
	s->want = (uint8_t)want;
	s->why = why;
	s->need = s->have = 0;
	s->len = s->off = 0;
}

static void
put(struct socks *s, const void *p, size_t n)
{
	memcpy(s->out + s->len, p, n);
	s->len += (uint16_t)n;
}

static void
put_byte(struct socks *s, unsigned int byte)
{
	s->out[s->len++] = (uint8_t)byte;
}

static bool
has_login(const struct socks *s)
{
	return s->user != NULL && *s->user != '\0';
}

void
socks_connect(struct socks *s, const struct addr *to, const char *user,
    const char *password)
{
	memset(s, 0, sizeof(*s));
	s->want = SOCKS_INPUT;
	s->to = *to;
	s->user = user;
	s->password = password != NULL ? password : "";
	put_byte(s, VERSION);
	put_byte(s, has_login(s) ? 2 : 1);
	put_byte(s, METHOD_PLAIN);
	if (has_login(s))
		put_byte(s, METHOD_LOGIN);
	expect(s, STEP_METHOD, 2);
}

void
socks_sent(struct socks *s, size_t n)
{
	s->off += (uint16_t)n;
	if (s->off == s->len)
		s->off = s->len = 0;
}

size_t
socks_room(const struct socks *s)
{
	return s->need - s->have;
}

/* ---- what is asked ---- */

static void
put_word(struct socks *s, const char *word)
{
	size_t	len = strnlen(word, SOCKS_WORD_MAX);

	put_byte(s, (unsigned int)len);
	put(s, word, len);
}

static void
log_in(struct socks *s)
{
	s->off = s->len = 0;
	put_byte(s, LOGIN_VERSION);
	put_word(s, s->user);
	put_word(s, s->password);
	expect(s, STEP_LOGIN, 2);
}

static void
ask(struct socks *s)
{
	s->off = s->len = 0;
	put_byte(s, VERSION);
	put_byte(s, CONNECT);
	put_byte(s, 0);
	if (addr_is_v4(&s->to)) {
		put_byte(s, ADDRESS_V4);
		put(s, s->to.ip + 12, 4);
	} else {
		put_byte(s, ADDRESS_V6);
		put(s, s->to.ip, 16);
	}
	put_byte(s, s->to.port >> 8);
	put_byte(s, s->to.port & 0xff);
	expect(s, STEP_REPLY, 2);
}

/* ---- what is answered ---- */

static void
on_method(struct socks *s, uint8_t method)
{
	s->answered = true;
	if (method == METHOD_PLAIN)
		ask(s);
	else if (method == METHOD_LOGIN && has_login(s))
		log_in(s);
	else if (method == METHOD_NONE && !has_login(s))
		end(s, SOCKS_FAILED, "wants a user and a password");
	else if (method == METHOD_NONE)
		end(s, SOCKS_FAILED, "takes no user and password");
	else
		end(s, SOCKS_FAILED, "wants another way to log in");
}

/* RFC 1928, 6.  That it knows no CONNECT is the proxy's fault alone. */
static void
on_refusal(struct socks *s, uint8_t reply)
{
	static const char *const	words[] = {
		"something failed", "general failure", "not allowed",
		"network unreachable", "host unreachable",
		"connection refused", "no answer in time",
		"does not do CONNECT", "no addresses of that family"
	};

	end(s, reply == 7 ? SOCKS_FAILED : SOCKS_REFUSED,
	    words[reply < sizeof(words) / sizeof(words[0]) ? reply : 0]);
}

/* The proxy's own address is of no interest: it is read and forgotten. */
static void
on_address(struct socks *s, uint8_t type, uint8_t first)
{
	switch (type) {
	case ADDRESS_V4:
		expect(s, STEP_REST, 4 - 1 + 2);
		break;
	case ADDRESS_V6:
		expect(s, STEP_REST, 16 - 1 + 2);
		break;
	case ADDRESS_NAME:
		expect(s, STEP_REST, first + 2U);
		break;
	default:
		end(s, SOCKS_FAILED, "its answer is not SOCKS 5");
		break;
	}
}

static void
on_step(struct socks *s)
{
	uint8_t	version = s->step == STEP_LOGIN ? LOGIN_VERSION : VERSION;

	if (s->step < STEP_ADDRESS && s->in[0] != version) {
		end(s, SOCKS_FAILED, "its answer is not SOCKS 5");
		return;
	}
	switch (s->step) {
	case STEP_METHOD:
		on_method(s, s->in[1]);
		break;
	case STEP_LOGIN:
		if (s->in[1] == 0)
			ask(s);
		else
			end(s, SOCKS_FAILED, "refuses the user or password");
		break;
	case STEP_REPLY:
		if (s->in[1] == 0)
			expect(s, STEP_ADDRESS, 3);
		else
			on_refusal(s, s->in[1]);
		break;
	case STEP_ADDRESS:
		on_address(s, s->in[1], s->in[2]);
		break;
	default:
		end(s, SOCKS_DONE, NULL);
		break;
	}
}

void
socks_feed(struct socks *s, const uint8_t *p, size_t n)
{
	for (; n > 0 && s->want == SOCKS_INPUT; p++, n--) {
		if (s->have < sizeof(s->in))
			s->in[s->have] = *p;
		if (++s->have == s->need)
			on_step(s);
	}
}
