/* SPDX-License-Identifier: ISC */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "clientid.h"

static const struct {
	char		 code[3];
	const char	*name;
} clients[] = {
	{ "7T", "aTorrent" }, { "A2", "aria2" }, { "AG", "Ares" },
	{ "AZ", "Azureus" }, { "BC", "BitComet" }, { "BF", "Bitflu" },
	{ "BI", "BiglyBT" }, { "BT", "BitTorrent" }, { "BW", "BitWombat" },
	{ "CD", "Enhanced CTorrent" }, { "CT", "CTorrent" },
	{ "DE", "Deluge" }, { "FC", "FileCroc" },
	{ "FD", "Free Download Manager" },
	{ "FT", "FoxTorrent" }, { "GT", "go.torrent" },
	{ "HL", "Halite" }, { "KG", "KGet" }, { "KT", "KTorrent" },
	{ "LP", "Lphant" }, { "LT", "libtorrent" }, { "lt", "rTorrent" },
	{ "MG", "MediaGet" }, { "MI", "mim" }, { "PI", "PicoTorrent" },
	{ "qB", "qBittorrent" }, { "SD", "Thunder" }, { "SZ", "Shareaza" },
	{ "TI", "Tixati" }, { "TL", "Tribler" }, { "TR", "Transmission" },
	{ "tT", "tTorrent" }, { "UM", "uTorrent Mac" }, { "UT", "uTorrent" },
	{ "UW", "uTorrent Web" }, { "VG", "Vagaa" },
	{ "WD", "WebTorrent Desktop" },
	{ "WT", "BitLet" }, { "WW", "WebTorrent" }, { "WY", "FireTorrent" },
	{ "XL", "Xunlei" }, { "XF", "Xfplay" }, { "ZO", "Zona" },
};

/* One letter, then a version in up to five characters, then dashes. */
static const char *
shadow_client(uint8_t letter)
{
	switch (letter) {
	case 'A':
		return "ABC";
	case 'O':
		return "Osprey";
	case 'Q':
		return "BTQueue";
	case 'R':
		return "Tribler";
	case 'S':
		return "Shadow";
	case 'T':
		return "BitTornado";
	case 'U':
		return "UPnP NAT BT";
	default:
		return NULL;
	}
}

/* A version digit: 0-9, then A = 10 and so on. */
static int8_t
version_digit(uint8_t c)
{
	if (isdigit(c))
		return (int8_t)(c - '0');
	if (isupper(c))
		return (int8_t)(c - 'A' + 10);
	return -1;
}

static const char *
client_by_code(const uint8_t *code)
{
	size_t	i;

	for (i = 0; i < sizeof(clients) / sizeof(clients[0]); i++)
		if (memcmp(clients[i].code, code, 2) == 0)
			return clients[i].name;
	return NULL;
}

static bool
azureus_style(const uint8_t id[20])
{
	int	i;

	if (id[0] != '-' || id[7] != '-')
		return false;
	for (i = 1; i < 7; i++)
		if (!isalnum(id[i]))
			return false;
	return true;
}

/* Versions as the clients themselves write them. */
static void
azureus_version(const uint8_t id[20], char *buf, size_t size)
{
	int8_t	v[4];
	int	i;

	for (i = 0; i < 4; i++)
		v[i] = version_digit(id[3 + i]);
	if (memcmp(id + 1, "TR", 2) == 0 && v[0] >= 0 && v[0] < 4)
		snprintf(buf, size, "%c.%c%c", id[3], id[4], id[5]);
	else if (v[0] < 0 || v[1] < 0 || v[2] < 0)
		snprintf(buf, size, "%.4s", (const char *)id + 3);
	else if (v[3] > 0)
		snprintf(buf, size, "%d.%d.%d.%d", v[0], v[1], v[2], v[3]);
	else
		snprintf(buf, size, "%d.%d.%d", v[0], v[1], v[2]);
}

static bool
shadow_style(const uint8_t id[20], char *buf, size_t size)
{
	const char	*name = shadow_client(id[0]);
	char		 version[24];
	size_t		 used = 0, n;
	int8_t		 v;

	if (name == NULL)
		return false;
	for (n = 1; n < 6 && id[n] != '-'; n++) {
		if ((v = version_digit(id[n])) < 0)
			return false;
		used += (size_t)snprintf(version + used,
		    sizeof(version) - used, "%s%d", n > 1 ? "." : "", v);
	}
	for (; n < 9; n++)
		if (id[n] != '-' || used == 0)
			return false;
	snprintf(buf, size, "%s %s", name, version);
	return true;
}

/* "M7-10-2--": numbers with dashes between them, two after the last. */
static bool
mainline_style(const uint8_t id[20], char *buf, size_t size)
{
	char	version[8];
	size_t	n;

	if (id[0] != 'M' || !isdigit(id[1]))
		return false;
	for (n = 1; n < sizeof(version) && (isdigit(id[n]) ||
	    (id[n] == '-' && isdigit(id[n + 1]))); n++)
		version[n - 1] = id[n] == '-' ? '.' : (char)id[n];
	if (id[n] != '-')
		return false;
	version[n - 1] = '\0';
	snprintf(buf, size, "BitTorrent %s", version);
	return true;
}

void
clientid_name(const uint8_t id[20], char *buf, size_t size)
{
	char		 version[24];
	const char	*name;
	size_t		 i;

	if (azureus_style(id)) {
		azureus_version(id, version, sizeof(version));
		if ((name = client_by_code(id + 1)) != NULL)
			snprintf(buf, size, "%s %s", name, version);
		else
			snprintf(buf, size, "%c%c %s", id[1], id[2], version);
		return;
	}
	if (mainline_style(id, buf, size) || shadow_style(id, buf, size))
		return;
	if (memcmp(id, "A2-", 3) == 0) {
		strlcpy(buf, "aria2", size);
		return;
	}
	if (size == 0)
		return;
	buf[0] = '?';
	for (i = 0; i < 8 && i + 2 < size && isalnum(id[i]); i++)
		buf[i + 1] = (char)id[i];
	if (size > 1)
		buf[i + 1] = '\0';
}
