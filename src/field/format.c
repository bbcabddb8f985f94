/* SPDX-License-Identifier: Apache-2.0 */
#include "field/format.h"

#include <ctype.h>
#include <errno.h>

#include "base/json.h"
#include "field/extract.h"
#include "field/format_parse.h"

struct token {
	struct str literal; /* expr is NULL */
	struct format_expr *expr;
	size_t width; /* 0 = as long as it is */
	struct token *next;
};

struct format {
	struct arena *arena; /* holds this struct, too */
	struct token *first, **end;
	const struct field_ref **fields;
	size_t nfields, cap;
	facts_t reads;
};

#define ARENA_BYTES 1024
#define WIDTH_MAX   65536 /* more is a typing error, and would be memory for every alert */

/* ---- compiling ---- */

static int add_token(struct format *f, struct token t, struct error *err)
{
	struct token *slot = arena_new_of(f->arena, struct token);

	if (!slot)
		return error_set(err, -ENOMEM, "out of memory");
	*slot = t;
	slot->next = NULL;
	*f->end = slot;
	f->end = &slot->next;
	return 0;
}

static int add_field(struct format *f, const struct field_ref *ref, struct error *err)
{
	if (f->nfields == f->cap) {
		size_t cap = f->cap ? 2 * f->cap : 8;
		const struct field_ref **grown = arena_array_of(f->arena, const struct field_ref *, cap);

		if (!grown)
			return error_set(err, -ENOMEM, "out of memory");
		if (f->nfields)
			memcpy(grown, f->fields, f->nfields * sizeof(*grown));
		f->fields = grown;
		f->cap = cap;
	}
	f->fields[f->nfields++] = ref;
	f->reads |= ref->reads;
	return 0;
}

static int add_fields(struct format *f, const struct format_expr *e, struct error *err)
{
	if (e->kind == EXPR_FIELD)
		return add_field(f, &e->ref, err);
	for (size_t i = 0; i < e->nchildren; i++) {
		int r = add_fields(f, e->children[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* The number after the '%'. */
static int parse_width(struct format_parser *p, size_t *ret_width)
{
	size_t width = 0;

	while (p->at < p->text.len && isdigit((unsigned char)p->text.ptr[p->at])) {
		width = width * 10 + (size_t)(p->text.ptr[p->at++] - '0');
		if (width > WIDTH_MAX)
			return error_set(p->err, -EINVAL, "a width is larger than %d", WIDTH_MAX);
	}
	*ret_width = width;
	return p->at < p->text.len ? 0 : error_set(p->err, -EBADMSG, "the text ends with a width but no field");
}

static int parse_value(struct format *f, struct format_parser *p)
{
	struct token t = { .width = 0 };
	int r;

	p->at++;
	if (p->at >= p->text.len)
		return error_set(p->err, -EBADMSG, "the text ends with a '%%'");
	r = parse_width(p, &t.width);
	if (r == 0)
		r = format_parse_expr(p, &t.expr);
	if (r == 0)
		r = add_fields(f, t.expr, p->err);
	return r < 0 ? r : add_token(f, t, p->err);
}

static int parse_all(struct format *f, struct format_parser *p)
{
	while (p->at < p->text.len) {
		const char *start = p->text.ptr + p->at, *percent = memchr(start, '%', p->text.len - p->at);
		size_t len = percent ? (size_t)(percent - start) : p->text.len - p->at;
		int r = 0;

		if (len > 0)
			r = add_token(f, (struct token){ .literal = { start, len } }, p->err);
		p->at += len;
		if (r == 0 && percent)
			r = parse_value(f, p);
		if (r < 0)
			return r;
	}
	return 0;
}

int format_compile(struct str text, const struct field_options *options, struct format **ret_format, struct error *err)
{
	size_t offset;

	return format_compile_at(text, options, ret_format, &offset, err);
}

int format_compile_at(struct str text, const struct field_options *options, struct format **ret_format,
		      size_t *ret_offset, struct error *err)
{
	auto_arena struct arena *arena = NULL;
	struct format_parser p = { .options = options, .err = err };
	struct format *f;
	int r;

	*ret_offset = 0;
	if (text.len == 0)
		return error_set(err, -EBADMSG, "the text is empty");
	arena = arena_new(ARENA_BYTES);
	f = arena ? arena_new_of(arena, struct format) : NULL;
	p.text = f ? arena_str(arena, text) : STR("");
	if (!f || !p.text.ptr)
		return error_set(err, -ENOMEM, "out of memory");
	f->arena = p.arena = arena;
	f->end = &f->first;
	if (p.text.ptr[0] == '*')
		p.at = 1;
	r = parse_all(f, &p);
	if (r < 0) {
		*ret_offset = p.at;
		return r;
	}
	arena = NULL; /* now the format's own */
	*ret_format = f;
	return 0;
}

void format_free(struct format *f)
{
	if (f)
		arena_free(f->arena);
}

int format_names(const struct format *f, struct arena *arena, int (*add)(void *data, struct str name), void *data)
{
	int r = 0;

	for (const struct token *t = f->first; r >= 0 && t; t = t->next)
		if (t->expr)
			r = format_names_of(t->expr, arena, add, data);
	return r;
}

facts_t format_reads(const struct format *f)
{
	return f->reads;
}

/* ---- rendering ---- */

static struct transform_arg evaluate(const struct format_expr *e, struct field_context *ctx)
{
	struct transform_arg result = { .type = e->type, .presence = ABSENT }, *args;

	switch (e->kind) {
	case EXPR_FIELD:
		result.presence = field_extract(&e->ref, ctx, &result.values);
		return result;
	case EXPR_CONSTANT:
		result.presence = PRESENT;
		result.values = (struct values){ &e->constant, 1 };
		return result;
	default:
		args = arena_array_of(ctx->arena, struct transform_arg, e->nchildren);
		if (!args)
			return result;
		for (size_t i = 0; i < e->nchildren; i++)
			args[i] = evaluate(e->children[i], ctx);
		if (e->kind == EXPR_LIST)
			result.presence = transform_list(ctx->arena, args, e->nchildren, &result.values);
		else
			result.presence = transform_apply(e->transform, ctx->arena, args, e->nchildren, e->selector,
							  &result.values);
		return result;
	}
}

static void render_value(const struct format_expr *e, struct field_context *ctx, struct strbuf *out)
{
	struct transform_arg v = evaluate(e, ctx);
	struct field_ref printed = { .type = e->type.type, .list = e->type.list, .format = PF_DEC };

	if (e->kind == EXPR_FIELD) {
		printed = e->ref;
		field_evt_rawarg_type(&printed, ctx->ev);
		if (v.presence == PRESENT && field_evt_rawarg_unshowable(&printed, false))
			ctx->unshowable = printed.text;
	}
	field_print(out, &printed, v.presence, &v.values);
}

/* Pads with blanks, or cuts, what was added since start. */
static void fit(struct strbuf *out, size_t start, size_t width)
{
	if (out->failed)
		return;
	if (out->len - start > width) {
		out->len = start + width;
		out->ptr[out->len] = 0;
	}
	while (!out->failed && out->len - start < width)
		strbuf_addc(out, ' ');
}

void format_render(const struct format *f, struct field_context *ctx, struct strbuf *out)
{
	for (const struct token *t = f->first; t; t = t->next) {
		size_t start = out->len;

		if (!t->expr) {
			strbuf_addstr(out, t->literal);
			continue;
		}
		render_value(t->expr, ctx, out);
		if (t->width > 0)
			fit(out, start, t->width);
	}
}

/* ---- members of output_fields ---- */

struct format_member {
	size_t name, name_len, json, json_len; /* offsets in text */
};

static struct str member_name(const struct format_members *m, const struct format_member *member)
{
	return (struct str){ m->text.ptr + member->name, member->name_len };
}

void format_members_add(struct format_members *m, struct str name, struct str json)
{
	struct format_member *member, *grown;
	size_t cap;

	if (m->count == m->cap) {
		cap = m->cap ? 2 * m->cap : 16;
		grown = reallocarray(m->list, cap, sizeof(*grown));
		if (!grown) {
			m->failed = true;
			return;
		}
		m->list = grown;
		m->cap = cap;
	}
	member = &m->list[m->count];
	*member = (struct format_member){ m->text.len, name.len, m->text.len + name.len, json.len };
	strbuf_addstr(&m->text, name);
	strbuf_addstr(&m->text, json);
	if (m->text.failed)
		m->failed = true;
	else
		m->count++;
}

static void collect_field(const struct field_ref *f, struct field_context *ctx, struct format_members *m)
{
	struct field_ref printed = *f;
	struct values values = { NULL, 0 };
	struct strbuf json = { 0 };
	enum presence presence;

	if (f->info->flags & FIELD_JSON_TIME) {
		strbuf_addu(&json, ctx->ev->ts);
	} else {
		presence = field_extract(f, ctx, &values);
		field_evt_rawarg_type(&printed, ctx->ev);
		if (presence == PRESENT && field_evt_rawarg_unshowable(&printed, true))
			ctx->unshowable = printed.text;
		field_print_json(&json, &printed, presence, &values);
	}
	if (json.failed)
		m->failed = true;
	else
		format_members_add(m, f->text, strbuf_str(&json));
	strbuf_free(&json);
}

void format_collect(const struct format *f, struct field_context *ctx, struct format_members *m)
{
	for (size_t i = 0; i < f->nfields; i++)
		collect_field(f->fields[i], ctx, m);
}

/* By name in byte order; of equal names the last that was added comes first. Insertion sort: there are a few dozen. */
static void sort_members(struct format_members *m)
{
	for (size_t i = 1; i < m->count; i++) {
		struct format_member moving = m->list[i];
		size_t j = i;

		while (j > 0 && str_cmp(member_name(m, &m->list[j - 1]), member_name(m, &moving)) >= 0) {
			m->list[j] = m->list[j - 1];
			j--;
		}
		m->list[j] = moving;
	}
}

void format_members_print(struct format_members *m, struct strbuf *out)
{
	bool first = true;

	sort_members(m);
	strbuf_addc(out, '{');
	for (size_t i = 0; i < m->count; i++) {
		const struct format_member *member = &m->list[i];

		if (i > 0 && str_eq(member_name(m, &m->list[i - 1]), member_name(m, member)))
			continue;
		if (!first)
			strbuf_addc(out, ',');
		json_add_string(out, member_name(m, member));
		strbuf_addc(out, ':');
		strbuf_add(out, m->text.ptr + member->json, member->json_len);
		first = false;
	}
	strbuf_addc(out, '}');
}

void format_members_reset(struct format_members *m)
{
	m->count = 0;
	m->failed = false;
	strbuf_reset(&m->text);
}

void format_members_free(struct format_members *m)
{
	free(m->list);
	strbuf_free(&m->text);
	*m = (struct format_members){ 0 };
}
