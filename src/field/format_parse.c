/* SPDX-License-Identifier: Apache-2.0 */
#include "field/format_parse.h"

#include <ctype.h>
#include <errno.h>

#include "field/extract.h"
#include "field/format.h"

#define MAX_DEPTH 100 /* nested calls; Falco's parser has the same limit */

static char peek(const struct format_parser *p)
{
	return p->at < p->text.len ? p->text.ptr[p->at] : 0;
}

static void skip_blanks(struct format_parser *p)
{
	while (p->at < p->text.len && strchr(" \t\b\r\n", p->text.ptr[p->at]))
		p->at++;
}

static struct str rest(const struct format_parser *p)
{
	return (struct str){ p->text.ptr + p->at, p->text.len - p->at };
}

static struct format_expr *new_expr(struct format_parser *p, enum format_expr_kind kind)
{
	struct format_expr *e = arena_new_of(p->arena, struct format_expr);

	if (e)
		e->kind = kind;
	else
		error_set(p->err, -ENOMEM, "out of memory");
	return e;
}

/* ---- fields ---- */

static size_t word_length(struct str s, size_t at)
{
	size_t n = 0;

	if (at >= s.len || !isalpha((unsigned char)s.ptr[at]))
		return 0;
	while (at + n < s.len && (isalnum((unsigned char)s.ptr[at + n]) || s.ptr[at + n] == '_'))
		n++;
	return n;
}

/* word.word… with at least one dot; 0 when there is none. */
static size_t name_length(struct str s)
{
	size_t n = word_length(s, 0), next;
	bool dotted = false;

	while (n > 0 && n < s.len && s.ptr[n] == '.') {
		next = word_length(s, n + 1);
		if (next == 0)
			break;
		n += 1 + next;
		dotted = true;
	}
	return dotted ? n : 0;
}

/* [argument] behind the name, quoted or without blanks and quotes; 0 when there is no good one. */
static size_t brackets_length(struct str s, size_t at)
{
	size_t i = at + 1;
	char quote;

	if (at >= s.len || s.ptr[at] != '[' || i >= s.len)
		return 0;
	quote = s.ptr[i] == '"' || s.ptr[i] == '\'' ? s.ptr[i] : 0;
	if (quote) {
		for (i++; i < s.len && s.ptr[i] != quote; i++)
			;
		i++;
	} else {
		while (i < s.len && !strchr("[]\"'", s.ptr[i]) && !isspace((unsigned char)s.ptr[i]))
			i++;
		if (i == at + 1)
			return 0;
	}
	return i < s.len && s.ptr[i] == ']' ? i + 1 - at : 0;
}

static bool lookup_exact(struct format_parser *p, struct str text, struct field_ref *ret_ref)
{
	size_t used;

	return field_lookup(text, p->options, ret_ref, &used, p->err) == 0 && used == text.len;
}

/* The longest text at the start that is a field. exact: nothing but all of it will do (inside calls). */
static bool find_field(struct format_parser *p, struct str s, size_t name, bool exact, struct field_ref *ret_ref)
{
	size_t brackets = brackets_length(s, name);

	if (brackets && lookup_exact(p, (struct str){ s.ptr, name + brackets }, ret_ref))
		return true;
	if (exact)
		return !brackets && lookup_exact(p, (struct str){ s.ptr, name }, ret_ref);
	for (size_t n = name; n > 0; n--) {
		if (s.ptr[n - 1] != '.' && lookup_exact(p, (struct str){ s.ptr, n }, ret_ref))
			return true;
	}
	return false;
}

/*
 * A field is called by its name with the argument as Falco prints it: with quotes where it needs some, and
 * only there.
 */
static int name_field(struct format_parser *p, struct field_ref *ref)
{
	const char *bracket = memchr(ref->text.ptr, '[', ref->text.len);
	auto_strbuf struct strbuf name = { 0 };
	struct str arg;

	if (!bracket || !ref->has_arg)
		return 0;
	/* not ref->arg, which is empty for an index */
	arg = (struct str){ bracket + 1, (size_t)(ref->text.ptr + ref->text.len - 1 - (bracket + 1)) };
	if (arg.len >= 2 && (arg.ptr[0] == '"' || arg.ptr[0] == '\'') && arg.ptr[arg.len - 1] == arg.ptr[0])
		arg = (struct str){ arg.ptr + 1, arg.len - 2 };
	strbuf_add(&name, ref->text.ptr, (size_t)(bracket + 1 - ref->text.ptr));
	format_add_constant(&name, arg);
	strbuf_addc(&name, ']');
	if (name.failed)
		return -ENOMEM;
	ref->text = arena_str(p->arena, strbuf_str(&name));
	return ref->text.ptr ? 0 : -ENOMEM;
}

/* Whether it is the name of a field, or one with something behind a dot. */
static bool begins_with_field(struct str word, const struct field_options *options)
{
	const char *dot = str_last(word, '.');

	return field_exists(word, options) ||
	       (dot && field_exists((struct str){ word.ptr, (size_t)(dot - word.ptr) }, options));
}

/* Why what stands there is no field: what is wrong with its argument, where it belongs, or which one may be meant. */
static int no_field(struct format_parser *p, struct str s, size_t name)
{
	size_t brackets = brackets_length(s, name), used;
	struct str nearest, word = { s.ptr, name };
	const char *barred = field_barred(word, p->options);
	struct field_ref ref;

	if (barred)
		return error_set(p->err, -EINVAL, "'" STR_FMT "' is no field here: it %s", STR_ARG(word), barred);
	if (begins_with_field(word, p->options) &&
	    field_lookup((struct str){ s.ptr, name + brackets }, p->options, &ref, &used, p->err) == -EINVAL)
		return -EINVAL;
	nearest = field_nearest(word);
	return error_set(p->err, -EINVAL, "'" STR_FMT "' is no field%s" STR_FMT "%s", STR_ARG(word),
			 nearest.len ? " (did you mean '" : "", STR_ARG(nearest), nearest.len ? "'?)" : "");
}

static int parse_field(struct format_parser *p, bool exact, struct format_expr **ret_expr)
{
	struct str s = rest(p);
	size_t name = name_length(s);
	struct format_expr *e = new_expr(p, EXPR_FIELD);

	if (!e)
		return -ENOMEM;
	if (!find_field(p, s, name, exact, &e->ref))
		return no_field(p, s, name);
	e->ref.output = true;
	e->type = (struct transform_type){ .type = e->ref.type, .list = e->ref.list };
	p->at += e->ref.text.len;
	*ret_expr = e;
	return name_field(p, &e->ref);
}

/* ---- constants ---- */

static int constant(struct format_parser *p, struct str text, struct format_expr **ret_expr)
{
	struct format_expr *e = new_expr(p, EXPR_CONSTANT);

	if (!e)
		return -ENOMEM;
	e->constant.s = text;
	e->type = (struct transform_type){ .type = PT_CHARBUF };
	*ret_expr = e;
	return 0;
}

static int unescape(char c, char quote)
{
	static const char from[] = "bfnrt\\/", to[] = "\b\f\n\r\t\\/";
	const char *known = memchr(from, c, sizeof(from) - 1);

	if (known)
		return to[known - from];
	return c == quote ? c : -1;
}

static int parse_quoted(struct format_parser *p, struct format_expr **ret_expr)
{
	char quote = peek(p), *out = arena_bytes(p->arena, p->text.len + 1);
	size_t n = 0;
	int c;

	if (!out)
		return error_set(p->err, -ENOMEM, "out of memory");
	for (p->at++; p->at < p->text.len && peek(p) != quote; p->at++) {
		if (peek(p) != '\\') {
			out[n++] = peek(p);
			continue;
		}
		p->at++;
		if (peek(p) == ' ') {
			out[n++] = '\\';
			out[n++] = ' ';
			continue;
		}
		c = unescape(peek(p), quote);
		if (c < 0)
			return error_set(p->err, -EINVAL, "a text in quotes has an unknown escape");
		out[n++] = (char)c;
	}
	if (p->at >= p->text.len)
		return error_set(p->err, -EINVAL, "a text in quotes does not end");
	p->at++;
	return constant(p, (struct str){ out, n }, ret_expr);
}

/* Decimal with an optional sign, fraction and exponent, or hexadecimal: as text. 0 when there is none. */
static size_t number_length(struct str s)
{
	size_t n = 0, digits;

	if (s.len > 2 && s.ptr[0] == '0' && (s.ptr[1] | 32) == 'x' && isxdigit((unsigned char)s.ptr[2])) {
		for (n = 3; n < s.len && isxdigit((unsigned char)s.ptr[n]); n++)
			;
		return n;
	}
	if (n < s.len && (s.ptr[n] == '+' || s.ptr[n] == '-'))
		n++;
	for (digits = n; n < s.len && isdigit((unsigned char)s.ptr[n]); n++)
		;
	if (n == digits)
		return 0;
	if (n < s.len && s.ptr[n] == '.')
		n++;
	while (n < s.len && isdigit((unsigned char)s.ptr[n]))
		n++;
	if (n + 2 < s.len && (s.ptr[n] | 32) == 'e' && (s.ptr[n + 1] == '+' || s.ptr[n + 1] == '-') &&
	    isdigit((unsigned char)s.ptr[n + 2])) {
		for (n += 3; n < s.len && isdigit((unsigned char)s.ptr[n]); n++)
			;
	}
	return n;
}

/* ---- calls ---- */

static int parse_argument(struct format_parser *p, struct format_expr **ret_expr);

/* expr {, expr} up to the closing parenthesis, which is taken, too. */
static int parse_arguments(struct format_parser *p, struct format_expr *e)
{
	size_t cap = 0;

	for (;;) {
		struct format_expr *child;
		int r = parse_argument(p, &child);

		if (r < 0)
			return r;
		if (e->nchildren == cap) {
			struct format_expr **grown = arena_array_of(p->arena, struct format_expr *, cap ? 2 * cap : 4);

			if (!grown)
				return error_set(p->err, -ENOMEM, "out of memory");
			if (cap)
				memcpy(grown, e->children, cap * sizeof(*grown));
			e->children = grown;
			cap = cap ? 2 * cap : 4;
		}
		e->children[e->nchildren++] = child;
		skip_blanks(p);
		if (peek(p) != ',')
			break;
		p->at++;
	}
	if (peek(p) != ')')
		return error_set(p->err, -EINVAL, "a ')' is missing");
	p->at++;
	return 0;
}

static int parse_list(struct format_parser *p, struct format_expr **ret_expr)
{
	struct format_expr *e = new_expr(p, EXPR_LIST);
	int r;

	if (!e)
		return -ENOMEM;
	e->type = (struct transform_type){ .type = PT_CHARBUF, .list = true };
	p->at++;
	skip_blanks(p);
	if (peek(p) == ')') {
		p->at++;
	} else {
		r = parse_arguments(p, e);
		if (r < 0)
			return r;
	}
	*ret_expr = e;
	return 0;
}

/* The transformer whose name and '(' stand here; NULL when there is none. */
static const struct transform *call_at(struct str s, size_t *ret_len)
{
	const struct transform *t = NULL;
	size_t n = 0;

	while (n < s.len && isalnum((unsigned char)s.ptr[n]))
		n++;
	if (n < s.len && s.ptr[n] == '(')
		t = transform_lookup((struct str){ s.ptr, n });
	*ret_len = n + 1;
	return t;
}

static int check_call(struct format_parser *p, struct format_expr *e, bool has_selector, struct str selector)
{
	struct transform_type *types = arena_array_of(p->arena, struct transform_type, e->nchildren);

	if (!types)
		return error_set(p->err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < e->nchildren; i++) {
		const struct format_expr *c = e->children[i];

		types[i] = c->type;
		if (e->nchildren == 1 && c->kind == EXPR_FIELD && (c->ref.info->flags & FIELD_NO_TRANSFORMER))
			return error_set(p->err, -EINVAL, "field '" STR_FMT "' cannot be transformed",
					 STR_ARG(c->ref.text));
	}
	return transform_check(e->transform, types, e->nchildren, has_selector, selector, &e->type, p->err);
}

static int parse_call(struct format_parser *p, const struct transform *t, size_t skip, struct format_expr **ret_expr)
{
	struct format_expr *e = new_expr(p, EXPR_CALL);
	struct str selector;
	size_t brackets, start = p->at;
	int r;

	if (!e)
		return -ENOMEM;
	if (p->depth >= MAX_DEPTH)
		return error_set(p->err, -EINVAL, "calls are nested too deep");
	e->transform = t;
	e->selector = STR("");
	p->at += skip;
	p->depth++;
	r = parse_arguments(p, e);
	p->depth--;
	if (r < 0)
		return r;
	brackets = brackets_length(rest(p), 0);
	if (brackets) {
		selector = (struct str){ rest(p).ptr + 1, brackets - 2 };
		if (check_call(p, e, true, selector) == 0) {
			e->selector = selector;
			p->at += brackets;
			*ret_expr = e;
			return 0;
		}
	}
	r = check_call(p, e, false, STR(""));
	if (r == 0)
		*ret_expr = e;
	else
		p->at = start; /* the place of the error */
	return r;
}

static int parse_argument(struct format_parser *p, struct format_expr **ret_expr)
{
	const struct transform *t;
	size_t n;

	skip_blanks(p);
	n = number_length(rest(p));
	if (n > 0) {
		p->at += n;
		return constant(p, (struct str){ p->text.ptr + p->at - n, n }, ret_expr);
	}
	if (peek(p) == '"' || peek(p) == '\'')
		return parse_quoted(p, ret_expr);
	if (peek(p) == '(')
		return p->depth < MAX_DEPTH ? parse_list(p, ret_expr) :
					      error_set(p->err, -EINVAL, "calls are nested too deep");
	t = call_at(rest(p), &n);
	if (t)
		return parse_call(p, t, n, ret_expr);
	return parse_field(p, true, ret_expr);
}

int format_parse_expr(struct format_parser *p, struct format_expr **ret_expr)
{
	const struct transform *t;
	size_t n;

	if (name_length(rest(p)) > 0)
		return parse_field(p, false, ret_expr);
	t = call_at(rest(p), &n);
	if (t)
		return parse_call(p, t, n, ret_expr);
	return error_set(p->err, -EINVAL, "a '%%' is not followed by the name of a field or transformer");
}
