/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "portmap/head.h"
#include "portmap/igd.h"
#include "portmap/late.h"
#include "portmap/ssdp.h"

#define WHERE	"http://192.168.1.1:5000/desc.xml"

static struct addr	router, client;

static int
set_up(void **state)
{
	(void)state;
	late_load();
	addr_parse(&router, "192.168.1.1", 1900);
	addr_parse(&client, "192.168.1.7", 0);
	return 0;
}

/* ---- SSDP ---- */

static int
found(const char *head, const char *url, char location[SSDP_LOCATION_MAX + 1])
{
	char	buf[1024];
	int	n;

	n = snprintf(buf, sizeof(buf), "%s\r\nLOCATION: %s\r\nST: x\r\n\r\n",
	    head, url);
	return ssdp_parse(buf, (size_t)n, &router, location);
}

static void
test_search(void **state)
{
	static const char	ok[] = "HTTP/1.1 200 OK";
	static const char *const bad[] = {
		"http://192.168.1.2:5000/", "https://192.168.1.1/",
		"http://router/", "http://192.168.1.1:0/", "/desc.xml",
		"http://user@192.168.1.1/", "http://127.0.0.1/", ""
	};
	char			location[SSDP_LOCATION_MAX + 1];
	char			buf[SSDP_PACKET_MAX], url[400];
	size_t			i, n;

	(void)state;
	n = ssdp_search(buf, ssdp_targets[0]);
	assert_int_equal(n, strlen(buf));
	assert_non_null(strstr(buf, "M-SEARCH * HTTP/1.1\r\n"));
	assert_non_null(strstr(buf, "\r\nMAN: \"ssdp:discover\"\r\n"));
	assert_int_equal(found(ok, WHERE, location), 0);
	assert_string_equal(location, WHERE);
	assert_int_equal(found("HTTP/1.1 404 no", WHERE, location), -1);
	assert_int_equal(found("NOTIFY * HTTP/1.1", WHERE, location), -1);
	/* Whom it sends us to is itself. */
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(found(ok, bad[i], location), -1);
	snprintf(url, sizeof(url), "http://192.168.1.1/%0300d", 1);
	assert_int_equal(found(ok, url, location), -1);
	/* Cut off anywhere. */
	n = (size_t)snprintf(buf, sizeof(buf), "%s\r\nLocation:" WHERE, ok);
	for (i = 0; i < n - strlen(WHERE) + 17; i++)
		assert_int_equal(ssdp_parse(buf, i, &router, location), -1);
	assert_int_equal(ssdp_parse(buf, n, &router, location), 0);
}

/* ---- HTTP ---- */

static void
test_head(void **state)
{
	static const char	whole[] = "HTTP/1.1 200 OK\r\n"
	    "content-LENGTH:  12 \r\nX: y\r\n\r\nbody";
	static const char *const bad[] = {
		"HTTP/2 200 OK\r\n\r\n", "\r\n\r\n", "HTTP/1.1 20x OK\r\n\r\n",
		"HTTP/1.1 099 OK\r\n\r\n", "ICY 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n"
	};
	struct head		h;
	char			*junk;
	size_t			 i;

	(void)state;
	for (i = 0; i < strlen(whole) - 4; i++)
		assert_int_equal(head_parse(&h, whole, i), 0);
	assert_int_equal(head_parse(&h, whole, strlen(whole)), 1);
	assert_int_equal(h.status, 200);
	assert_int_equal(h.size, strlen(whole) - 4);
	assert_true(h.sized);
	assert_int_equal(h.length, 12);
	assert_false(h.chunked);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(head_parse(&h, bad[i], strlen(bad[i])), -1);
	junk = calloc(1, HEAD_MAX);
	assert_int_equal(head_parse(&h, junk, HEAD_MAX), -1);
	free(junk);
}

static void
test_chunks(void **state)
{
	static const char *const bad[] = {
		"", "4\r\nab", "x\r\n", "4\r\nabcd", "4\r\nabcdXX0\r\n",
		"ffffffff\r\nab\r\n0\r\n", "12345678\r\n", "4\r\nabcd\r\n"
	};
	char			 buf[64];
	size_t			 i;

	(void)state;
	strlcpy(buf, "4\r\nabcd\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
	    sizeof(buf));
	assert_int_equal(head_join(buf, strlen(buf)), 14);
	assert_memory_equal(buf, "abcd0123456789", 14);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		strlcpy(buf, bad[i], sizeof(buf));
		assert_int_equal(head_join(buf, strlen(buf)), -1);
	}
}

/* ---- the device ---- */

#define IP	"urn:schemas-upnp-org:service:WANIPConnection:1"
#define PPP	"urn:schemas-upnp-org:service:WANPPPConnection:1"

static int
describe(struct igd *igd, const char *base, const char *type1,
    const char *url1, const char *type2, const char *url2)
{
	char		 buf[2048];
	const char	*error;
	int		 n, r;

	n = snprintf(buf, sizeof(buf), "<?xml version=\"1.0\"?><root "
	    "xmlns=\"urn:schemas-upnp-org:device-1-0\"><URLBase>%s</URLBase>"
	    "<device><serviceList><service><serviceType>%s</serviceType>"
	    "<controlURL>%s</controlURL></service><service><serviceType>%s"
	    "</serviceType><controlURL>%s</controlURL></service>"
	    "</serviceList></device></root>", base, type1, url1, type2, url2);
	r = igd_describe(igd, WHERE, buf, (size_t)n, &error);
	if (r == -1)
		assert_true(*error != '\0');
	return r;
}

static void
test_description(void **state)
{
	struct igd	igd;

	(void)state;
	assert_int_equal(describe(&igd, "", IP, "/ctl/ip", PPP, "ppp"), 0);
	assert_int_equal(igd.n, 2);
	assert_string_equal(igd.services[0].path, "/ctl/ip");
	assert_string_equal(igd.services[0].type, IP);
	assert_int_equal(igd.services[0].port, 5000);
	assert_string_equal(igd.services[1].path, "/ppp");
	assert_int_equal(addr_cmp_ip(&igd.addr, &router), 0);
	/* Another port of it, said in full or by the base. */
	assert_int_equal(describe(&igd, "", IP, "http://192.168.1.1:80/c",
	    "x", "/"), 0);
	assert_int_equal(igd.n, 1);
	assert_int_equal(igd.services[0].port, 80);
	assert_int_equal(describe(&igd, "http://192.168.1.1:81/a/", IP, "c",
	    "x", "/"), 0);
	assert_int_equal(igd.services[0].port, 81);
	assert_string_equal(igd.services[0].path, "/a/c");
	/* Others are not asked, whatever it says. */
	assert_int_equal(describe(&igd, "", IP, "http://192.168.1.2/c",
	    PPP, "http://localhost/"), -1);
	assert_int_equal(describe(&igd, "http://10.0.0.1/", IP, "c", "x",
	    "/"), -1);
	assert_int_equal(describe(&igd, "", "urn:x", "/", "", "/"), -1);
	/* Nothing gets into the head of our request. */
	assert_int_equal(describe(&igd, "", IP "\r\nX: y", "/", IP "0\"",
	    "/"), -1);
	assert_int_equal(describe(&igd, "", IP, "/a\r\nX: y", "", ""), -1);
}

static void
test_ask(void **state)
{
	struct gate_ask	ask = {
		.op = GATE_MAP, .udp = true, .port = 6881, .external = 50000,
		.lease = 3600
	};
	struct igd	igd;
	char		buf[IGD_REQUEST_MAX], *body;
	size_t		n;

	(void)state;
	assert_int_equal(describe(&igd, "", IP, "/ctl", "", ""), 0);
	n = igd_ask(buf, &igd, 0, &ask, &client);
	assert_int_equal(n, strlen(buf));
	assert_ptr_equal(strstr(buf, "POST /ctl HTTP/1.0\r\n"
	    "Host: 192.168.1.1:5000\r\n"), buf);
	assert_non_null(strstr(buf, "\r\nSOAPAction: \"" IP
	    "#AddPortMapping\"\r\n"));
	body = strstr(buf, "\r\n\r\n");
	assert_non_null(body);
	assert_int_equal(strtol(strstr(buf, "Content-Length: ") + 16, NULL,
	    10), strlen(body + 4));
	assert_non_null(strstr(body, "<NewExternalPort>50000<"));
	assert_non_null(strstr(body, "<NewInternalPort>6881<"));
	assert_non_null(strstr(body, "<NewProtocol>UDP<"));
	assert_non_null(strstr(body, "<NewInternalClient>192.168.1.7<"));
	assert_non_null(strstr(body, "<NewLeaseDuration>3600<"));
	ask.op = GATE_UNMAP;
	igd_ask(buf, &igd, 0, &ask, &client);
	assert_non_null(strstr(buf, "#DeletePortMapping\""));
	assert_null(strstr(buf, "NewInternalPort"));
	ask.op = GATE_ADDRESS;
	igd_ask(buf, &igd, 0, &ask, &client);
	assert_null(strstr(buf, "NewProtocol"));
}

static struct gate_answer
answer(enum gate_op op, int status, const char *body)
{
	struct gate_ask		ask = {
		.op = op, .port = 6881, .external = 50000, .lease = 3600
	};
	struct gate_answer	a;

	igd_answer(&a, &ask, &client, status, body, strlen(body));
	return a;
}

static struct gate_answer
error(enum gate_op op, int code)
{
	char	body[256];

	snprintf(body, sizeof(body), "<s:Fault><UPnPError><errorCode>%d"
	    "</errorCode><errorDescription>No \033[2Jway</errorDescription>"
	    "</UPnPError></s:Fault>", code);
	return answer(op, 500, body);
}

static void
test_answers(void **state)
{
	struct gate_answer	a;
	char			host[ADDR_STRLEN];

	(void)state;
	a = answer(GATE_MAP, 200, "<u:AddPortMappingResponse/>");
	assert_int_equal(a.result, GATE_OK);
	assert_int_equal(a.external, 50000);
	assert_int_equal(a.lease, 3600);
	a = answer(GATE_ADDRESS, 200, "<NewExternalIPAddress>203.0.113.9"
	    "</NewExternalIPAddress>");
	assert_int_equal(a.result, GATE_OK);
	assert_string_equal(addr_host(&a.address, host), "203.0.113.9");
	a = answer(GATE_ADDRESS, 200, "<NewExternalIPAddress>none"
	    "</NewExternalIPAddress>");
	assert_int_equal(a.result, GATE_REFUSED);
	a = answer(GATE_ADDRESS, 200, "");
	assert_int_equal(a.result, GATE_REFUSED);
	a = answer(GATE_LOOK, 200, "<NewInternalPort>6881</NewInternalPort>"
	    "<NewInternalClient>192.168.1.7</NewInternalClient>");
	assert_int_equal(a.result, GATE_OK);
	a = answer(GATE_LOOK, 200, "<NewInternalPort>6881</NewInternalPort>"
	    "<NewInternalClient>192.168.1.8</NewInternalClient>");
	assert_int_equal(a.result, GATE_GONE);
	assert_int_equal(error(GATE_LOOK, 714).result, GATE_GONE);
	assert_int_equal(error(GATE_LOOK, 401).result, GATE_REFUSED);
	assert_int_equal(error(GATE_MAP, 718).result, GATE_TAKEN);
	assert_int_equal(error(GATE_MAP, 501).result, GATE_TAKEN);
	assert_int_equal(error(GATE_MAP, 725).result, GATE_PERMANENT);
	a = error(GATE_MAP, 606);
	assert_int_equal(a.result, GATE_REFUSED);
	assert_string_equal(a.error, "the router refuses: error 606, "
	    "No \\033[2Jway");
	a = answer(GATE_MAP, 404, "<html>no</html>");
	assert_int_equal(a.result, GATE_REFUSED);
	assert_string_equal(a.error, "the router refuses: HTTP status 404");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_search),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_chunks),
		cmocka_unit_test(test_description),
		cmocka_unit_test(test_ask),
		cmocka_unit_test(test_answers),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
