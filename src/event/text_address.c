/* SPDX-License-Identifier: Apache-2.0 */
#include "event/text_address.h"

#include <arpa/inet.h>

#include "base/bytes.h"
#include "base/parse.h"

/* A value starts with the address family; numbers are those of Linux and of the wire format. */
enum { FAMILY_UNIX = 1, FAMILY_INET = 2, FAMILY_INET6 = 10 };

static size_t address_bytes(uint8_t family)
{
	return family == FAMILY_INET6 ? 16 : 4;
}

/* ---- printing ---- */

static void print_endpoint(struct strbuf *out, uint8_t family, struct reader *r)
{
	struct str ip = reader_str(r, address_bytes(family));
	uint16_t port = reader_u16(r);
	char text[INET6_ADDRSTRLEN];

	if (r->failed || !inet_ntop(family == FAMILY_INET6 ? AF_INET6 : AF_INET, ip.ptr, text, sizeof(text)))
		return;
	strbuf_addf(out, family == FAMILY_INET6 ? "[%s]:%u" : "%s:%u", text, port);
}

/* A path as it can stand in a word: printable, ended by the only NUL. */
static bool is_path(struct str s)
{
	if (!s.len || s.len > 109 || s.ptr[s.len - 1] != '\0')
		return false;
	for (size_t i = 0; i + 1 < s.len; i++) {
		if (s.ptr[i] <= ' ' || s.ptr[i] > '~')
			return false;
	}
	return true;
}

static bool print_unix(struct strbuf *out, bool tuple, struct reader *r)
{
	uint64_t source = tuple ? reader_u64(r) : 0, peer = tuple ? reader_u64(r) : 0;
	struct str path = { (const char *)r->ptr, r->len };

	if (r->failed || !is_path(path))
		return false;
	strbuf_adds(out, "unix:");
	if (tuple)
		strbuf_addf(out, "0x%llx->0x%llx:", (unsigned long long)source, (unsigned long long)peer);
	strbuf_adds(out, path.ptr);
	return true;
}

bool text_address_print(struct strbuf *out, enum param_type type, struct str v)
{
	struct reader r = reader_of(v.ptr, v.len);
	uint8_t family = reader_u8(&r);
	bool tuple = type == PT_SOCKTUPLE;

	if (type != PT_SOCKADDR && !tuple)
		return false;
	if (family == FAMILY_UNIX)
		return print_unix(out, tuple, &r);
	if ((family != FAMILY_INET && family != FAMILY_INET6) ||
	    r.len != (address_bytes(family) + sizeof(uint16_t)) * (tuple ? 2 : 1))
		return false;
	strbuf_adds(out, family == FAMILY_INET ? "inet:" : "inet6:");
	print_endpoint(out, family, &r);
	if (tuple) {
		strbuf_adds(out, "->");
		print_endpoint(out, family, &r);
	}
	return true;
}

/* ---- parsing ---- */

static bool put_endpoint(struct writer *w, uint8_t family, struct str s)
{
	char text[INET6_ADDRSTRLEN];
	uint8_t ip[16];
	uint32_t port;
	size_t n = s.len;

	while (n && s.ptr[n - 1] != ':')
		n--;
	if (!n || parse_u32((struct str){ s.ptr + n, s.len - n }, &port) < 0 || port > UINT16_MAX)
		return false;
	s.len = n - 1;
	if (family == FAMILY_INET6) {
		if (!str_starts(s, STR("[")) || !str_ends(s, STR("]")))
			return false;
		s.ptr++;
		s.len -= 2;
	}
	if (s.len >= sizeof(text))
		return false;
	memcpy(text, s.ptr, s.len);
	text[s.len] = '\0';
	if (inet_pton(family == FAMILY_INET6 ? AF_INET6 : AF_INET, text, ip) != 1)
		return false;
	writer_put(w, ip, address_bytes(family));
	writer_u16(w, (uint16_t)port);
	return true;
}

/* Splits s at the first separator. */
static bool split(struct str s, struct str separator, struct str *ret_left, struct str *ret_right)
{
	for (size_t i = 0; i + separator.len <= s.len; i++) {
		if (memcmp(s.ptr + i, separator.ptr, separator.len) == 0) {
			*ret_left = (struct str){ s.ptr, i };
			*ret_right = (struct str){ s.ptr + i + separator.len, s.len - i - separator.len };
			return true;
		}
	}
	return false;
}

static bool put_unix(struct writer *w, bool tuple, struct str s)
{
	struct str source, peer, path = s;
	uint64_t from, to;

	if (tuple) {
		if (!split(s, STR("->"), &source, &path) || !split(path, STR(":"), &peer, &path) ||
		    parse_u64(source, &from) < 0 || parse_u64(peer, &to) < 0)
			return false;
		writer_u64(w, from);
		writer_u64(w, to);
	}
	writer_put(w, path.ptr, path.len);
	writer_u8(w, 0);
	return true;
}

size_t text_address_parse(enum param_type type, struct str text, uint8_t bytes[TEXT_ADDRESS_BYTES])
{
	struct writer w = writer_of(bytes, TEXT_ADDRESS_BYTES);
	struct str family_name, rest, from, to;
	bool tuple = type == PT_SOCKTUPLE, good;
	uint8_t family;

	if (!split(text, STR(":"), &family_name, &rest))
		return 0;
	if (str_eq(family_name, STR("unix")))
		family = FAMILY_UNIX;
	else if (str_eq(family_name, STR("inet")))
		family = FAMILY_INET;
	else if (str_eq(family_name, STR("inet6")))
		family = FAMILY_INET6;
	else
		return 0;
	writer_u8(&w, family);
	if (family == FAMILY_UNIX)
		good = put_unix(&w, tuple, rest);
	else if (tuple)
		good = split(rest, STR("->"), &from, &to) && put_endpoint(&w, family, from) &&
		       put_endpoint(&w, family, to);
	else
		good = put_endpoint(&w, family, rest);
	return good && !w.failed ? w.len : 0;
}
