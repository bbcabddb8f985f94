/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

size_t utf8_length(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.ptr;
	size_t need;

	if (s.len == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		need = 2;
	else if (p[0] >= 0xe0 && p[0] <= 0xef)
		need = 3;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		need = 4;
	else
		return 0;
	if (s.len < need)
		return 0;
	for (size_t i = 1; i < need; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f)) /* overlong; surrogates */
		return 0;
	if ((p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f)) /* overlong; past U+10FFFF */
		return 0;
	return need;
}

size_t utf8_broken_length(struct str s)
{
	static const char rest[] = "\x80\x80\x80";
	char whole[4];

	for (size_t have = s.len < 3 ? s.len : 3; have > 1; have--) {
		for (size_t need = have + 1; need <= sizeof(whole); need++) {
			memcpy(whole, s.ptr, have);
			memcpy(whole + have, rest, need - have);
			if (utf8_length((struct str){ whole, need }) == need)
				return have;
		}
	}
	return 1;
}

/* C0 and DEL are single bytes; C1 controls come as C2 80 ... C2 9F. As many "?" as bytes: a mark below a line stays. */
void utf8_add_harmless(struct strbuf *out, struct str s)
{
	for (size_t i = 0; i < s.len;) {
		const unsigned char *p = (const unsigned char *)s.ptr + i;
		size_t n = utf8_length((struct str){ s.ptr + i, s.len - i });
		bool control = (*p < 0x20 && *p != '\n' && *p != '\t') || *p == 0x7f ||
			       (n == 2 && *p == 0xc2 && p[1] < 0xa0);

		if (n && !control)
			strbuf_add(out, p, n);
		else
			strbuf_add(out, "??", n ? n : 1);
		i += n ? n : 1;
	}
}

void json_add_string(struct strbuf *b, struct str s)
{
	size_t clean = 0; /* start of the run that needs no escape */

	if (s.len == 0) { /* its pointer may be NULL */
		strbuf_adds(b, "\"\"");
		return;
	}
	strbuf_addc(b, '"');
	for (size_t i = 0; i < s.len;) {
		unsigned char c = (unsigned char)s.ptr[i];
		size_t n = c < 0x80 ? 1 : utf8_length((struct str){ s.ptr + i, s.len - i });

		if (n > 1 || (n == 1 && c >= 0x20 && c != '"' && c != '\\')) {
			i += n;
			continue;
		}
		strbuf_add(b, s.ptr + clean, i - clean);
		if (n == 0)
			strbuf_adds(b, "\xef\xbf\xbd");
		else if (c == '"' || c == '\\')
			strbuf_addf(b, "\\%c", c);
		else if (c == '\n')
			strbuf_adds(b, "\\n");
		else if (c == '\t')
			strbuf_adds(b, "\\t");
		else if (c == '\r')
			strbuf_adds(b, "\\r");
		else if (c == '\b')
			strbuf_adds(b, "\\b");
		else if (c == '\f')
			strbuf_adds(b, "\\f");
		else
			strbuf_addf(b, "\\u%04x", c);
		i += n ? n : utf8_broken_length((struct str){ s.ptr + i, s.len - i });
		clean = i;
	}
	strbuf_add(b, s.ptr + clean, s.len - clean);
	strbuf_addc(b, '"');
}

static void new_line(struct strbuf *b, unsigned int depth)
{
	strbuf_addc(b, '\n');
	for (unsigned int i = 0; i < depth; i++)
		strbuf_adds(b, "  ");
}

void json_add_indented(struct strbuf *b, struct str json)
{
	unsigned int depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < json.len; i++) {
		char c = json.ptr[i], next = i + 1 < json.len ? json.ptr[i + 1] : '\0';
		bool opens = c == '{' || c == '[';

		if (!quoted && (c == '}' || c == ']') && depth)
			new_line(b, --depth);
		strbuf_addc(b, c);
		if (quoted && c == '\\' && next)
			strbuf_addc(b, json.ptr[++i]);
		else if (c == '"')
			quoted = !quoted;
		else if (quoted)
			continue;
		else if (opens && (next == '}' || next == ']')) /* nothing inside */
			strbuf_addc(b, json.ptr[++i]);
		else if (opens)
			new_line(b, ++depth);
		else if (c == ',')
			new_line(b, depth);
		else if (c == ':')
			strbuf_addc(b, ' ');
	}
}
