/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/findings.h"

#include <errno.h>

#include "base/limits.h"

#define SNIPPET_SIDE   80 /* characters shown before and after the place */
#define EXPRESSION_NAME 20 /* characters of a condition that name it in a location */

static const bool code_is_error[LOAD_CODE_COUNT] = {
#define LOAD_CODE(id, is_error, ...) [id] = is_error,
#include "rule/load_codes.def"
#undef LOAD_CODE
};

static const char *const item_types[] = {
#define LOAD_ITEM(id, text) [id] = text,
#include "rule/load_items.def"
#undef LOAD_ITEM
};

/* ---- contexts ------------------------------------------------------------------------------------------ */

static const struct load_context *add_context(struct findings *f, const struct load_context *context)
{
	struct load_context *c = arena_new_of(f->arena, struct load_context);

	if (!c) {
		f->failed = true;
		return context->parent;
	}
	*c = *context;
	return c;
}

const struct load_context *findings_file(struct findings *f, const struct rule_file *file)
{
	return add_context(f, &(struct load_context){ .file = file, .item = ITEM_CONTENT });
}

const struct load_context *findings_context_at(struct findings *f, const struct load_context *parent,
					       enum load_item item, struct str name, struct yaml_position at)
{
	if (!parent)
		return NULL; /* memory was short before */
	return add_context(f, &(struct load_context){
				      .parent = parent, .file = parent->file, .item = item, .name = name, .at = at });
}

const struct load_context *findings_context(struct findings *f, const struct load_context *parent, enum load_item item,
					    struct str name, const struct yaml_node *node)
{
	if (!parent)
		return NULL; /* memory was short before */
	return add_context(f, &(struct load_context){ .parent = parent,
						      .file = parent->file,
						      .item = item,
						      .name = name,
						      .at = node->at,
						      .end = node->end });
}

const struct load_context *findings_whole(struct findings *f, const struct load_context *parent, struct str expression)
{
	if (!parent)
		return NULL;
	return add_context(f, &(struct load_context){ .parent = parent,
						      .file = parent->file,
						      .item = ITEM_EXPRESSION,
						      .at = parent->at,
						      .expression = expression });
}

const struct load_context *findings_expression(struct findings *f, const struct load_context *parent, struct str shown,
					       struct str expression, size_t offset)
{
	struct load_context c = { .parent = parent, .item = ITEM_EXPRESSION };
	size_t line_start = 0;

	if (!parent)
		return NULL;
	if (offset > expression.len)
		offset = expression.len;
	c.file = parent->file;
	c.at = parent->at;
	c.at.line++;
	for (size_t i = 0; i < offset; i++) {
		if (expression.ptr[i] == '\n' || expression.ptr[i] == '\r') {
			c.at.line++;
			line_start = i + 1;
		}
	}
	c.at.column += (unsigned int)(offset - line_start) + 1;
	c.at.offset += offset;
	c.expression = shown;
	c.expression_offset = offset;
	return add_context(f, &c);
}

/* ---- exact places -------------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Where a scalar's characters begin: behind the quote, or in the line after a block's head. */
static size_t scalar_start(struct str raw)
{
	size_t i = 0;

	if (raw.len && (raw.ptr[0] == '"' || raw.ptr[0] == '\''))
		return 1;
	if (!raw.len || (raw.ptr[0] != '>' && raw.ptr[0] != '|'))
		return 0;
	while (i < raw.len && raw.ptr[i] != '\n')
		i++;
	return i;
}

/*
 * Walks a scalar as written and its value side by side: blanks stand for blanks, a backslash or a doubled
 * quote for what follows it. The offset in the value becomes one in the raw text; raw.len when they part
 * before.
 */
static size_t align(struct str raw, struct str value, size_t offset)
{
	size_t p = scalar_start(raw), v = 0;

	for (;;) {
		while (p < raw.len && is_blank(raw.ptr[p]))
			p++;
		while (v < offset && is_blank(value.ptr[v]))
			v++;
		if (v >= offset)
			return p;
		if (p >= raw.len)
			return SIZE_MAX;
		if (raw.ptr[p] != value.ptr[v] && (raw.ptr[p] == '\\' || raw.ptr[p] == '\''))
			p++;
		else if (raw.ptr[p] == '\'' && raw.ptr[0] == '\'' && p + 1 < raw.len && raw.ptr[p + 1] == '\'')
			p++;
		if (p >= raw.len || raw.ptr[p] != value.ptr[v])
			return SIZE_MAX;
		p++;
		v++;
	}
}

const struct load_context *findings_exact(struct findings *f, const struct load_context *at, struct str text,
					  size_t offset)
{
	struct load_context c;
	struct str raw;
	size_t n;

	if (!at || at->end <= at->at.offset || at->end > at->file->text.len)
		return at;
	raw = (struct str){ at->file->text.ptr + at->at.offset, at->end - at->at.offset };
	if (offset > text.len)
		offset = text.len;
	n = align(raw, text, offset);
	/* a rule with exceptions has its condition in parentheses */
	if (n == SIZE_MAX && text.len && text.ptr[0] == '(' && offset)
		n = align(raw, (struct str){ text.ptr + 1, text.len - 1 }, offset - 1);
	if (n == SIZE_MAX)
		return at;
	c = (struct load_context){ .parent = at, .file = at->file, .item = ITEM_EXPRESSION, .at = at->at };
	for (size_t i = 0; i < n; i++) {
		c.at.line += raw.ptr[i] == '\n';
		c.at.column = raw.ptr[i] == '\n' ? 0 : c.at.column + 1;
	}
	c.at.offset += n;
	return add_context(f, &c);
}

/* ---- snippets ------------------------------------------------------------------------------------------ */

static void add_mark(struct strbuf *out, struct str line, size_t column)
{
	for (size_t i = 0; i < column; i++)
		strbuf_addc(out, line.ptr[i] == '\t' ? '\t' : ' ');
	strbuf_adds(out, "^\n");
}

/* The line around offset, cut to a width, and a mark below the place. */
static void add_snippet(struct strbuf *out, struct str text, size_t offset)
{
	size_t from, to, cut_left, cut_right;

	/* a place past the end, or at the end of a line, belongs to the text before it */
	if (offset > text.len)
		offset = text.len;
	while (offset > 0 && (offset == text.len || text.ptr[offset] == '\n'))
		offset--;
	for (from = offset; from > 0 && text.ptr[from - 1] != '\n' && offset - from < SNIPPET_SIDE; from--)
		;
	for (to = offset; to < text.len && text.ptr[to] != '\n' && to - offset < SNIPPET_SIDE; to++)
		;
	if (from == to) {
		strbuf_adds(out, "<No context available>\n");
		return;
	}
	cut_left = offset - from == SNIPPET_SIDE ? 3 : 0;
	cut_right = to - offset == SNIPPET_SIDE ? 3 : 0;
	strbuf_add(out, "...", cut_left);
	strbuf_add(out, text.ptr + from + cut_left, to - from - cut_left - cut_right);
	strbuf_add(out, "...", cut_right);
	strbuf_addc(out, '\n');
	add_mark(out, (struct str){ text.ptr + from, to - from }, offset - from);
}

/*
 * Falco's rendering of it: SNIPPET_SIDE characters after the place and one more, dots over the ends of what
 * was cut, blanks up to the mark. In a condition it looks for the place at its offset in the file, which
 * mostly is past the condition's end.
 */
static void add_falco_snippet(struct strbuf *out, struct str text, size_t offset)
{
	size_t from, to, mark;
	bool left, right;

	if (!text.len) {
		strbuf_adds(out, "<No context available>\n");
		return;
	}
	while (offset > 0 && (offset >= text.len || text.ptr[offset] == '\n'))
		offset--;
	for (from = offset; from > 0 && text.ptr[from] != '\n' && offset - from < SNIPPET_SIDE; from--)
		;
	for (to = offset; to < text.len - 1 && text.ptr[to] != '\n' && to - offset < SNIPPET_SIDE; to++)
		;
	from += text.ptr[from] == '\n';
	right = to - offset >= SNIPPET_SIDE;
	if (text.ptr[to] != '\n') {
		to++;
	} else if (to == 0) { /* an empty first line: the rest of the text stands for it */
		to = text.len;
		right = true;
	}
	right = right && to - from >= 3;
	left = offset >= from && offset - from >= SNIPPET_SIDE && to - from >= 3;
	if (from >= to) {
		strbuf_adds(out, "<No context available>\n");
		return;
	}
	strbuf_adds(out, left ? "..." : "");
	strbuf_add(out, text.ptr + from + 3 * left, to - from - 3 * left - 3 * right);
	strbuf_adds(out, right ? "...\n" : "\n");
	mark = offset - from;
	if (offset >= from && mark <= to - from)
		strbuf_addf(out, "%*s^\n", (int)mark, "");
}

/* ---- findings ------------------------------------------------------------------------------------------ */

static struct str expression_name(struct findings *f, struct str expression)
{
	bool cut = expression.len > EXPRESSION_NAME;
	struct str name = findings_printf(f, "\"%.*s%s\"", (int)(cut ? EXPRESSION_NAME - 3 : expression.len),
					  expression.ptr, cut ? "..." : "");

	for (size_t i = 0; i < name.len; i++)
		if (name.ptr[i] == '\n' || name.ptr[i] == '\r')
			((char *)name.ptr)[i] = ' ';
	return name;
}

static void set_locations(struct findings *f, struct load_finding *finding, const struct load_context *at)
{
	struct load_location *list;
	size_t n = 0;

	for (const struct load_context *c = at; c; c = c->parent)
		n++;
	list = arena_array_of(f->arena, struct load_location, n);
	if (!list) {
		f->failed = true;
		return;
	}
	finding->locations = list;
	finding->nlocations = n;
	for (const struct load_context *c = at; c; c = c->parent) {
		list[--n] = (struct load_location){
			.item_type = str_of(item_types[c->item]),
			.item_name = c->name,
			.file = c->expression.len ? expression_name(f, c->expression) : c->file->name,
			.line = c->at.line,
			.column = c->at.column,
			.offset = (unsigned int)c->at.offset,
		};
	}
}

static void set_snippet(struct findings *f, struct load_finding *finding, const struct load_context *at)
{
	struct strbuf text auto_strbuf = { 0 };

	if (!at)
		return;
	if (!f->ours)
		add_falco_snippet(&text, at->expression.len ? at->expression : at->file->text, at->at.offset);
	else if (at->expression.len)
		add_snippet(&text, at->expression, at->expression_offset);
	else
		add_snippet(&text, at->file->text, at->at.offset);
	f->failed |= text.failed;
	finding->snippet = findings_str(f, strbuf_str(&text));
}

static void addv(struct findings *f, enum load_code code, const struct load_context *at, const char *format,
		 va_list args)
{
	struct load_finding *finding;
	char text[ERROR_TEXT_MAX];
	int n;

	f->error |= code_is_error[code];
	if (f->count >= RULES_FINDINGS) {
		f->omitted++;
		return;
	}
	if (f->count == f->cap) {
		size_t cap = f->cap ? f->cap * 2 : 16;
		struct load_finding *grown = arena_array_of(f->arena, struct load_finding, cap);

		if (!grown) {
			f->failed = true;
			return;
		}
		if (f->count)
			memcpy(grown, f->list, f->count * sizeof(*grown));
		f->list = grown;
		f->cap = cap;
	}
	n = vsnprintf(text, sizeof(text), format, args);
	if (n >= (int)sizeof(text))
		memcpy(text + sizeof(text) - 4, "...", 4);
	finding = &f->list[f->count++];
	*finding = (struct load_finding){ .code = code, .is_error = code_is_error[code] };
	finding->message = findings_str(f, str_of(text));
	set_locations(f, finding, at);
	set_snippet(f, finding, at);
}

void findings_add(struct findings *f, enum load_code code, const struct load_context *at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	addv(f, code, at, format, args);
	va_end(args);
}

int findings_error(struct findings *f, enum load_code code, const struct load_context *at, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	addv(f, code, at, format, args);
	va_end(args);
	return -EINVAL;
}

static int compare_places(const void *a, const void *b)
{
	const struct load_finding *x = a, *y = b;
	const struct load_location *p = &x->locations[x->nlocations - 1], *q = &y->locations[y->nlocations - 1];

	if (p->line != q->line)
		return p->line < q->line ? -1 : 1;
	if (p->column != q->column)
		return p->column < q->column ? -1 : 1;
	if (x->code != y->code)
		return (int)x->code - (int)y->code;
	return str_cmp(x->message, y->message);
}

void findings_sort(struct findings *f)
{
	size_t kept = 1;

	if (f->failed || !f->count) /* else each has its locations */
		return;
	qsort(f->list, f->count, sizeof(*f->list), compare_places);
	for (size_t i = 1; i < f->count; i++) {
		/* what is wrong with a macro is found again by each rule that uses it */
		if (compare_places(&f->list[kept - 1], &f->list[i]) != 0)
			f->list[kept++] = f->list[i];
	}
	f->count = kept;
}

void findings_hint(struct findings *f, struct str hint)
{
	if (f->count)
		f->list[f->count - 1].hint = hint;
}

void findings_nearest(struct findings *f, struct str name)
{
	if (name.len)
		findings_hint(f, findings_printf(f, "did you mean '" STR_FMT "'?", STR_ARG(name)));
}

void findings_field(struct findings *f, struct str field)
{
	if (f->count)
		f->list[f->count - 1].field = field;
}

struct str findings_str(struct findings *f, struct str s)
{
	struct str copy = arena_str(f->arena, s);

	if (!copy.ptr) {
		f->failed = true;
		return STR("");
	}
	return copy;
}

struct str findings_printf(struct findings *f, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n >= (int)sizeof(text))
		n = sizeof(text) - 1;
	return findings_str(f, (struct str){ text, n < 0 ? 0 : (size_t)n });
}
