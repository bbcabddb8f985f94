/* SPDX-License-Identifier: Apache-2.0 */
#include "event/event_text.h"

#include <errno.h>

#include "base/parse.h"
#include "event/flags.h"
#include "event/text_address.h"

int event_text_type(struct str name)
{
	int found = -1;

	/* the latest exit type in use, else the latest kind without a pair */
	for (int type = EV_COUNT - 1; type >= 0; type--) {
		const struct event_info *info = &event_table[type];

		if (info->flags & (EF_UNUSED | EF_OLD_VERSION) || !str_eq(str_of(info->name), name))
			continue;
		if (!event_type_is_enter((uint16_t)type))
			return type;
		if (found < 0)
			found = type;
	}
	return found;
}

/* ---- printing ---- */

static bool is_plain(struct str s)
{
	if (!s.len || str_eq(s, STR("NA")) || str_eq(s, STR("?")))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] <= ' ' || s.ptr[i] > '~' || s.ptr[i] == '"' || s.ptr[i] == '\\')
			return false;
	}
	return true;
}

static void print_quoted(struct strbuf *out, struct str s)
{
	strbuf_addc(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (c == '\n')
			strbuf_adds(out, "\\n");
		else if (c == '\t')
			strbuf_adds(out, "\\t");
		else if (c == '"' || c == '\\')
			strbuf_addf(out, "\\%c", c);
		else if (c < ' ' || c > '~')
			strbuf_addf(out, "\\x%02x", (unsigned char)c);
		else
			strbuf_addc(out, c);
	}
	strbuf_addc(out, '"');
}

static void print_text(struct strbuf *out, struct str v)
{
	struct str text = { v.ptr, v.len - 1 };

	if (v.ptr[v.len - 1] != '\0') {
		strbuf_addc(out, 'b');
		print_quoted(out, v);
	} else if (is_plain(text)) {
		strbuf_addstr(out, text);
	} else {
		print_quoted(out, text);
	}
}

static void print_value(struct strbuf *out, const struct event *ev, unsigned int i)
{
	const struct param_info *p = &ev->info->params[i];
	struct str v = event_param(ev, i);
	int size = param_type_integer_size(p->type);

	if (event_param_unknown(ev, i)) {
		strbuf_addc(out, '?');
	} else if (!v.len) {
		strbuf_adds(out, "NA");
	} else if (size && v.len == (size_t)(size < 0 ? -size : size)) {
		if (size < 0)
			strbuf_addi(out, event_param_int(ev, i));
		else
			strbuf_addu(out, event_param_uint(ev, i));
	} else if (param_type_is_text(p->type)) {
		print_text(out, v);
	} else if (!text_address_print(out, p->type, v)) {
		strbuf_addc(out, 'b');
		print_quoted(out, v);
	}
}

void event_text_print(struct strbuf *out, const struct event *ev)
{
	strbuf_addu(out, ev->ts);
	strbuf_addc(out, ' ');
	strbuf_addi(out, ev->tid);
	strbuf_addf(out, " %s", ev->info->name);
	if (event_text_type(str_of(ev->info->name)) != ev->type)
		strbuf_addf(out, "/%u", ev->type);
	if (ev->cpu)
		strbuf_addf(out, " @cpu=%u", ev->cpu);
	if (ev->flags)
		strbuf_addf(out, " @flags=%u", ev->flags);
	for (unsigned int i = 0; i < ev->nparams; i++) {
		strbuf_addf(out, " %s=", ev->info->params[i].name);
		print_value(out, ev, i);
	}
}

/* ---- parsing ---- */

struct value {
	bool given, unknown;
	bool quoted; /* then bytes are in .text, else text is the bare word */
	bool raw; /* b"...": no implied NUL */
	struct strbuf bytes;
	struct str word;
};

struct line {
	struct str all; /* for the column of a fault */
	struct str rest;
	struct value values[EVENT_MAX_PARAMS];
	uint16_t cpu;
	uint32_t flags;
};

static int fault(const struct line *l, struct error *err, const char *what)
{
	return error_set(err, -EINVAL, "column %zu: %s", l->all.len - l->rest.len + 1, what);
}

static void skip_blanks(struct line *l)
{
	while (l->rest.len && (l->rest.ptr[0] == ' ' || l->rest.ptr[0] == '\t')) {
		l->rest.ptr++;
		l->rest.len--;
	}
}

/* Up to the next blank, or to the character stop (which is taken too). */
static struct str take_word(struct line *l, char stop)
{
	struct str word = { l->rest.ptr, 0 };

	while (l->rest.len && l->rest.ptr[0] != ' ' && l->rest.ptr[0] != '\t' && l->rest.ptr[0] != stop) {
		word.len++;
		l->rest.ptr++;
		l->rest.len--;
	}
	if (l->rest.len && stop && l->rest.ptr[0] == stop) {
		l->rest.ptr++;
		l->rest.len--;
	}
	return word;
}

/* The rest after an opening quote, up to and with the closing one. */
static int take_quoted(struct line *l, struct strbuf *out, struct error *err)
{
	while (l->rest.len && l->rest.ptr[0] != '"') {
		char c = l->rest.ptr[0];
		size_t used = 1;

		if (c == '\\') {
			char e = l->rest.len > 1 ? l->rest.ptr[1] : 0;

			used = 2;
			if (e == 'n') {
				c = '\n';
			} else if (e == 't') {
				c = '\t';
			} else if (e == '"' || e == '\\') {
				c = e;
			} else if (e == 'x' && l->rest.len > 3 &&
				   parse_hex_digit(l->rest.ptr[2]) >= 0 && parse_hex_digit(l->rest.ptr[3]) >= 0) {
				c = (char)(parse_hex_digit(l->rest.ptr[2]) << 4 | parse_hex_digit(l->rest.ptr[3]));
				used = 4;
			} else {
				return fault(l, err, "escapes are \\n \\t \\\\ \\\" \\xHH");
			}
		}
		strbuf_addc(out, c);
		l->rest.ptr += used;
		l->rest.len -= used;
	}
	if (!l->rest.len)
		return fault(l, err, "closing quote is missing");
	l->rest.ptr++;
	l->rest.len--;
	return 0;
}

static int take_value(struct line *l, struct value *v, struct error *err)
{
	if (str_starts(l->rest, STR("b\""))) {
		v->raw = true;
		l->rest.ptr++;
		l->rest.len--;
	}
	if (str_starts(l->rest, STR("\""))) {
		v->quoted = true;
		l->rest.ptr++;
		l->rest.len--;
		return take_quoted(l, &v->bytes, err);
	}
	v->word = take_word(l, '\0');
	v->unknown = str_eq(v->word, STR("?"));
	if (str_eq(v->word, STR("NA")))
		v->given = false;
	return 0;
}

/* A number, or names of the parameter's flag set joined by '|'. */
static bool parse_integer(struct str s, const struct param_info *p, int64_t *ret)
{
	uint64_t u;
	uint32_t bit, all = 0;

	if (parse_u64(s, &u) == 0) {
		*ret = (int64_t)u;
		return true;
	}
	if (parse_i64(s, ret) == 0)
		return true;
	while (s.len) {
		const char *bar = memchr(s.ptr, '|', s.len);
		size_t n = bar ? (size_t)(bar - s.ptr) : s.len;

		if (!flags_value(p->flags, (struct str){ s.ptr, n }, &bit))
			return false;
		all |= bit;
		n += bar != NULL;
		s.ptr += n;
		s.len -= n;
	}
	*ret = all;
	return true;
}

static int put_value(struct event_builder *b, const struct param_info *p, struct value *v, struct error *err)
{
	uint8_t address[TEXT_ADDRESS_BYTES];
	struct str bytes = v->quoted ? strbuf_str(&v->bytes) : v->word;
	int64_t n;
	size_t len;

	if (v->unknown) {
		event_put_unknown(b);
	} else if (!v->given) {
		event_put_absent(b);
	} else if (v->raw) {
		event_put_bytes(b, bytes);
	} else if (param_type_integer_size(p->type)) {
		if (!parse_integer(bytes, p, &n))
			return error_set(err, -EINVAL, "%s=" STR_FMT " is no number and no flag of this parameter",
					 p->name, STR_ARG(bytes));
		event_put_int(b, n);
	} else if (param_type_is_text(p->type)) {
		event_put_text(b, bytes);
	} else if ((p->type == PT_SOCKADDR || p->type == PT_SOCKTUPLE) && !v->quoted) {
		len = text_address_parse(p->type, bytes, address);
		if (!len)
			return error_set(err, -EINVAL, "%s=" STR_FMT " is no %s", p->name, STR_ARG(bytes),
					 p->type == PT_SOCKADDR ? "address" : "tuple");
		event_put_bytes(b, (struct str){ (const char *)address, len });
	} else {
		event_put_bytes(b, bytes);
	}
	return 0;
}

static int parse_head(struct line *l, uint64_t *ret_ts, int64_t *ret_tid, int *ret_type, struct error *err)
{
	struct str name;
	const char *slash;
	uint32_t number;

	if (parse_u64(take_word(l, '\0'), ret_ts) < 0)
		return fault(l, err, "a time in ns was expected");
	skip_blanks(l);
	if (parse_i64(take_word(l, '\0'), ret_tid) < 0)
		return fault(l, err, "a thread id was expected");
	skip_blanks(l);
	name = take_word(l, '\0');
	slash = memchr(name.ptr, '/', name.len);
	if (!slash) {
		*ret_type = event_text_type(name);
		return *ret_type < 0 ? fault(l, err, "no event has this name") : 0;
	}
	if (parse_u32((struct str){ slash + 1, name.len - (size_t)(slash - name.ptr) - 1 }, &number) < 0 ||
	    number >= EV_COUNT ||
	    !str_eq(str_of(event_table[number].name), (struct str){ name.ptr, (size_t)(slash - name.ptr) }))
		return fault(l, err, "no event has this name and number");
	*ret_type = (int)number;
	return 0;
}

static int parse_assignment(struct line *l, uint16_t type, struct error *err)
{
	struct str key = take_word(l, '=');
	struct value *v;
	uint32_t n;
	int i;

	if (str_eq(key, STR("@cpu")) || str_eq(key, STR("@flags"))) {
		if (parse_u32(take_word(l, '\0'), &n) < 0)
			return fault(l, err, "a number was expected");
		if (key.ptr[1] == 'c')
			l->cpu = (uint16_t)n;
		else
			l->flags = n;
		return 0;
	}
	i = event_param_index(type, key);
	if (i < 0)
		return fault(l, err, "the event has no such parameter");
	v = &l->values[i];
	if (v->given)
		return fault(l, err, "the parameter is given twice");
	v->given = true;
	return take_value(l, v, err);
}

static int build(struct line *l, struct event_builder *b, struct event *ret_event, struct error *err)
{
	uint64_t ts;
	int64_t tid;
	int type = 0, r;

	skip_blanks(l);
	r = parse_head(l, &ts, &tid, &type, err);
	if (r < 0)
		return r;
	for (skip_blanks(l); l->rest.len; skip_blanks(l)) {
		r = parse_assignment(l, (uint16_t)type, err);
		if (r < 0)
			return r;
	}
	event_begin(b, (uint16_t)type, ts, tid);
	for (uint32_t i = 0; i < event_table[type].nparams; i++) {
		r = put_value(b, &event_table[type].params[i], &l->values[i], err);
		if (r < 0)
			return r;
	}
	r = event_end(b, ret_event, err);
	if (r < 0)
		return r;
	ret_event->cpu = l->cpu;
	ret_event->flags = l->flags;
	if (b->unknown_params)
		event_make_provisional(ret_event, b);
	return 0;
}

int event_text_parse(struct event_builder *b, struct str line, struct event *ret_event, struct error *err)
{
	struct line l = { .all = line, .rest = line };
	int r = build(&l, b, ret_event, err);

	for (size_t i = 0; i < EVENT_MAX_PARAMS; i++)
		strbuf_free(&l.values[i].bytes);
	return r;
}
