/* SPDX-License-Identifier: Apache-2.0 */
/* What a format's values are called. */
#include <errno.h>

#include "base/cleanup.h"
#include "field/format.h"
#include "field/format_parse.h"

/* ---- expressions as Falco prints them ---- */

static bool needs_quotes(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (memchr("\b\f\n\r\t =\\\"'", s.ptr[i], 11))
			return true;
	return false;
}

void format_add_constant(struct strbuf *out, struct str s)
{
	static const char from[] = "\b\f\n\r\t\\\"", to[] = "bfnrt\\\"";

	if (!needs_quotes(s)) {
		strbuf_addstr(out, s);
		return;
	}
	strbuf_addc(out, '"');
	for (size_t i = 0; i < s.len; i++) {
		const char *special = s.ptr[i] ? strchr(from, s.ptr[i]) : NULL;

		if (special)
			strbuf_addc(out, '\\');
		strbuf_addc(out, special ? to[special - from] : s.ptr[i]);
	}
	strbuf_addc(out, '"');
}

static void print(struct strbuf *out, const struct format_expr *e)
{
	if (e->kind == EXPR_FIELD) {
		strbuf_addstr(out, e->ref.text);
		return;
	}
	if (e->kind == EXPR_CONSTANT) {
		format_add_constant(out, e->constant.s);
		return;
	}
	if (e->kind == EXPR_CALL)
		strbuf_addstr(out, transform_name(e->transform));
	strbuf_addc(out, '(');
	for (size_t i = 0; i < e->nchildren; i++) {
		strbuf_adds(out, i ? "," : "");
		print(out, e->children[i]);
	}
	strbuf_addc(out, ')');
	if (e->selector.len) {
		strbuf_addc(out, '[');
		format_add_constant(out, e->selector);
		strbuf_addc(out, ']');
	}
}

/* ---- which there are ---- */

struct naming {
	struct arena *arena;
	int (*add)(void *data, struct str name);
	void *data;
	const struct format_expr *last; /* a call that is a value unless it turns out to be the last in another */
};

static int add_last(struct naming *n)
{
	auto_strbuf struct strbuf text = { 0 };
	struct str name;

	if (!n->last)
		return 0;
	print(&text, n->last);
	n->last = NULL;
	name = text.failed ? (struct str){ 0 } : arena_str(n->arena, strbuf_str(&text));
	return name.ptr ? n->add(n->data, name) : -ENOMEM;
}

static int add_names(struct naming *n, const struct format_expr *e)
{
	int r = 0;

	if (e->kind == EXPR_FIELD) {
		r = add_last(n);
		return r < 0 ? r : n->add(n->data, e->ref.text);
	}
	for (size_t i = 0; r >= 0 && i < e->nchildren; i++)
		r = add_names(n, e->children[i]);
	if (e->kind != EXPR_CALL || r < 0)
		return r;
	n->last = e;
	return 0;
}

int format_names_of(const struct format_expr *e, struct arena *arena, int (*add)(void *data, struct str name),
		    void *data)
{
	struct naming n = { arena, add, data, NULL };
	int r = add_names(&n, e);

	return r < 0 ? r : add_last(&n);
}
