/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml.h"

#include <errno.h>
#include <yaml.h>

#include "base/limits.h"
#include "base/parse.h"

struct anchor {
	struct str name;
	struct yaml_node *node;
	bool open; /* its node is not complete: an alias here would contain itself */
	struct anchor *next;
};

/* A collection that is still open. */
struct frame {
	struct yaml_node *node;
	struct yaml_node *key; /* of a map: the key whose value comes next */
	struct anchor *anchor;
	uint32_t cap;
};

struct yaml_loader {
	struct arena *arena;
	struct str text;
	unsigned int flags;
	struct yaml_documents documents;
	size_t documents_cap;
	yaml_parser_t parser;

	/* where the present parser's input begins in text */
	size_t base;
	unsigned int base_line;
	bool ascii; /* characters are bytes */
	/* the last place found: libyaml counts characters, we want bytes */
	struct {
		size_t index, byte, line_start;
	} cursor;

	/* of the present document */
	struct frame stack[YAML_DEPTH];
	unsigned int depth;
	struct yaml_node *root;
	struct yaml_node *omitted; /* a value that was not written: it is placed where the next event begins */
	struct anchor *anchors;
	unsigned int nanchors;
	uint64_t weight;

	struct yaml_position where;
	const char *missing; /* the error is the end of the text where one of these characters is expected; else empty */
};

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] & 0x80)
			return false;
	return true;
}

static size_t line_start_of(struct str text, size_t offset)
{
	while (offset > 0 && text.ptr[offset - 1] != '\n')
		offset--;
	return offset;
}

/* The reader has checked the UTF-8 up to any mark that it gives. */
static void cursor_advance(struct yaml_loader *l, size_t index)
{
	if (index < l->cursor.index) {
		l->cursor.index = 0;
		l->cursor.byte = l->base;
		l->cursor.line_start = line_start_of(l->text, l->base);
	}
	while (l->cursor.index < index && l->cursor.byte < l->text.len) {
		if (l->text.ptr[l->cursor.byte++] == '\n')
			l->cursor.line_start = l->cursor.byte;
		while (l->cursor.byte < l->text.len && (l->text.ptr[l->cursor.byte] & 0xc0) == 0x80)
			l->cursor.byte++;
		l->cursor.index++;
	}
}

/* The end of a text that does not end with a line: libyaml puts it into a line of its own. */
static bool is_forced_line(const struct yaml_loader *l, size_t offset, const yaml_mark_t *mark)
{
	return offset == l->text.len && offset > l->base && l->text.ptr[offset - 1] != '\n' && mark->column == 0;
}

static struct yaml_position place(struct yaml_loader *l, const yaml_mark_t *mark)
{
	struct yaml_position at = { .line = l->base_line + (unsigned int)mark->line };

	if (l->ascii) {
		at.offset = l->base + mark->index;
		at.column = (unsigned int)mark->column;
		if (mark->line == 0)
			at.column += (unsigned int)(l->base - line_start_of(l->text, l->base));
		at.line -= is_forced_line(l, at.offset, mark);
		return at;
	}
	cursor_advance(l, mark->index);
	at.offset = l->cursor.byte;
	at.column = is_forced_line(l, at.offset, mark) ? 0 : (unsigned int)(at.offset - l->cursor.line_start);
	at.line -= is_forced_line(l, at.offset, mark);
	return at;
}

static struct yaml_position place_of_offset(struct str text, size_t offset)
{
	struct yaml_position at = { .offset = offset < text.len ? offset : text.len };

	for (size_t i = 0; i < at.offset; i++)
		at.line += text.ptr[i] == '\n';
	at.column = (unsigned int)(at.offset - line_start_of(text, at.offset));
	return at;
}

static void parser_start(struct yaml_loader *l, size_t base, unsigned int line)
{
	l->base = base;
	l->base_line = line;
	l->cursor.index = 0;
	l->cursor.byte = base;
	l->cursor.line_start = line_start_of(l->text, base);
	yaml_parser_set_encoding(&l->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&l->parser, (const unsigned char *)l->text.ptr + base, l->text.len - base);
}

/* ---- building the tree ------------------------------------------------------------------------------------------------ */

static int too_big(struct yaml_loader *l, struct yaml_position at, struct error *err, const char *what)
{
	l->where = at;
	return error_set(err, -E2BIG, "%s", what);
}

static int document_done(struct yaml_loader *l, struct error *err)
{
	if (l->documents.count == l->documents_cap) {
		size_t cap = l->documents_cap ? l->documents_cap * 2 : 4;
		struct yaml_node **grown = arena_array_of(l->arena, struct yaml_node *, cap);

		if (!grown)
			return error_set(err, -ENOMEM, "out of memory");
		if (l->documents.count)
			memcpy(grown, l->documents.list, l->documents.count * sizeof(*grown));
		l->documents.list = grown;
		l->documents_cap = cap;
	}
	l->documents.list[l->documents.count++] = l->root;
	return 0;
}

/* Makes room for one more entry of the open collection. */
static int frame_room(struct yaml_loader *l, struct frame *f, struct error *err)
{
	size_t entry = f->node->kind == YAML_MAP ? sizeof(struct yaml_pair) : sizeof(struct yaml_node *);
	uint32_t cap = f->cap ? f->cap * 2 : 4;
	void *grown;

	if (f->node->count < f->cap)
		return 0;
	grown = arena_array(l->arena, entry, cap);
	if (!grown)
		return error_set(err, -ENOMEM, "out of memory");
	if (f->node->count)
		memcpy(grown, f->node->items, f->node->count * entry);
	f->node->items = grown;
	f->cap = cap;
	return 0;
}

/* Puts a complete or just opened node where the document expects one. */
static int attach(struct yaml_loader *l, struct yaml_node *node, struct error *err)
{
	struct frame *f = l->depth ? &l->stack[l->depth - 1] : NULL;
	int r;

	if (!f) {
		l->root = node;
		return 0;
	}
	if (f->node->kind == YAML_MAP && !f->key) {
		f->key = node;
		return 0;
	}
	r = frame_room(l, f, err);
	if (r < 0)
		return r;
	if (f->node->kind == YAML_MAP)
		f->node->pairs[f->node->count++] = (struct yaml_pair){ f->key, node };
	else
		f->node->items[f->node->count++] = node;
	f->key = NULL;
	return 0;
}

/* Adds a complete child's size to the open collection. */
static void account(struct yaml_loader *l, const struct yaml_node *node)
{
	struct yaml_node *parent;

	if (l->depth == 0)
		return;
	parent = l->stack[l->depth - 1].node;
	parent->weight += node->weight;
	if (parent->height < node->height + 1)
		parent->height = node->height + 1;
}

static int remember(struct yaml_loader *l, const unsigned char *name, struct yaml_node *node, bool open,
		    struct error *err)
{
	struct anchor *a;

	if (!name)
		return 0;
	if (l->nanchors++ >= YAML_ANCHORS)
		return too_big(l, node->at, err, "too many anchors");
	a = arena_new_of(l->arena, struct anchor);
	if (!a)
		return error_set(err, -ENOMEM, "out of memory");
	*a = (struct anchor){ arena_str(l->arena, str_of((const char *)name)), node, open, l->anchors };
	if (!a->name.ptr)
		return error_set(err, -ENOMEM, "out of memory");
	l->anchors = a;
	return 0;
}

static bool is_null_text(struct str s)
{
	return s.len == 0 || str_eq(s, STR("~")) || str_eq(s, STR("null")) || str_eq(s, STR("Null")) ||
	       str_eq(s, STR("NULL"));
}

static int add_scalar(struct yaml_loader *l, const yaml_event_t *event, struct error *err)
{
	struct yaml_node *node = arena_new_of(l->arena, struct yaml_node);
	int r;

	if (!node)
		return error_set(err, -ENOMEM, "out of memory");
	node->at = place(l, &event->start_mark);
	node->end = place(l, &event->end_mark).offset;
	node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	node->weight = 1;
	node->text = arena_str(l->arena, (struct str){ (const char *)event->data.scalar.value, event->data.scalar.length });
	if (!node->text.ptr)
		return error_set(err, -ENOMEM, "out of memory");
	node->kind = node->plain && !event->data.scalar.tag && is_null_text(node->text) ? YAML_NULL : YAML_SCALAR;
	if (node->plain && node->text.len == 0 && event->start_mark.index == event->end_mark.index)
		l->omitted = node;
	if (++l->weight > YAML_NODES)
		return too_big(l, node->at, err, "the text has too many values");
	r = remember(l, event->data.scalar.anchor, node, false, err);
	if (r < 0)
		return r;
	account(l, node);
	return attach(l, node, err);
}

static int open_collection(struct yaml_loader *l, enum yaml_kind kind, const yaml_event_t *event,
			   const unsigned char *anchor, struct error *err)
{
	struct yaml_node *node = arena_new_of(l->arena, struct yaml_node);
	int r;

	if (!node)
		return error_set(err, -ENOMEM, "out of memory");
	node->kind = kind;
	node->at = place(l, &event->start_mark);
	node->weight = 1;
	if (++l->weight > YAML_NODES)
		return too_big(l, node->at, err, "the text has too many values");
	if (l->depth == YAML_DEPTH)
		return too_big(l, node->at, err, "values are nested too deeply");
	r = remember(l, anchor, node, true, err);
	if (r < 0)
		return r;
	r = attach(l, node, err);
	if (r < 0)
		return r;
	l->stack[l->depth++] = (struct frame){ .node = node, .anchor = anchor ? l->anchors : NULL };
	return 0;
}

static void close_collection(struct yaml_loader *l)
{
	const struct frame *f = &l->stack[--l->depth];

	if (f->anchor)
		f->anchor->open = false;
	account(l, f->node);
}

static int add_alias(struct yaml_loader *l, const yaml_event_t *event, struct error *err)
{
	struct str name = str_of((const char *)event->data.alias.anchor);
	struct yaml_position at = place(l, &event->start_mark);
	struct anchor *a = l->anchors;

	while (a && !str_eq(a->name, name))
		a = a->next;
	l->where = at;
	if (!a)
		return error_set(err, -EINVAL, "the alias *" STR_FMT " has no anchor", STR_ARG(name));
	if (a->open)
		return error_set(err, -EINVAL, "the alias *" STR_FMT " contains itself", STR_ARG(name));
	l->weight += a->node->weight;
	if (l->weight > YAML_NODES)
		return too_big(l, at, err, "aliases make the text too large");
	if (l->depth + a->node->height > YAML_DEPTH)
		return too_big(l, at, err, "values are nested too deeply");
	account(l, a->node);
	return attach(l, a->node, err);
}

static int take_event(struct yaml_loader *l, const yaml_event_t *event, struct error *err)
{
	if (l->omitted) {
		l->omitted->at = place(l, &event->start_mark);
		l->omitted->end = l->omitted->at.offset;
		l->omitted = NULL;
	}
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		l->depth = 0;
		l->root = NULL;
		l->anchors = NULL;
		return 0;
	case YAML_DOCUMENT_END_EVENT:
		return l->root ? document_done(l, err) : 0;
	case YAML_SCALAR_EVENT:
		return add_scalar(l, event, err);
	case YAML_SEQUENCE_START_EVENT:
		return open_collection(l, YAML_SEQUENCE, event, event->data.sequence_start.anchor, err);
	case YAML_MAPPING_START_EVENT:
		return open_collection(l, YAML_MAP, event, event->data.mapping_start.anchor, err);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		close_collection(l);
		return 0;
	case YAML_ALIAS_EVENT:
		return add_alias(l, event, err);
	default:
		return 0;
	}
}

/* ---- the parser's errors ------------------------------------------------------------------------------------------------ */

/* The end of a quote, or the colon after a key, where the text ends without it. */
static const char *missing_at_end(struct yaml_loader *l)
{
	const yaml_parser_t *p = &l->parser;

	if (p->error != YAML_SCANNER_ERROR || !p->context || place(l, &p->problem_mark).offset < l->text.len)
		return "";
	if (!strcmp(p->context, "while scanning a quoted scalar"))
		return "\"'";
	return strcmp(p->context, "while scanning a simple key") ? "" : ":";
}

/* Falco's place of a key without a colon is the colon of the key in the next line, and of a tab what follows it. */
static void move_to_falcos_place(struct yaml_loader *l)
{
	const yaml_parser_t *p = &l->parser;
	size_t i = l->where.offset;

	if (p->error != YAML_SCANNER_ERROR || !p->context)
		return;
	if (!strcmp(p->context, "while scanning a simple key")) {
		while (i < l->text.len && l->text.ptr[i] != '\n' && !(l->text.ptr[i] == ':' && i + 1 < l->text.len &&
								       strchr(" \t\r\n", l->text.ptr[i + 1])))
			i++;
		if (i == l->text.len || l->text.ptr[i] == '\n')
			return;
	} else if (i < l->text.len && l->text.ptr[i] == '\t') {
		while (i < l->text.len && (l->text.ptr[i] == '\t' || l->text.ptr[i] == ' '))
			i++;
	}
	l->where.column += (unsigned int)(i - l->where.offset);
	l->where.offset = i;
}

static int parser_error(struct yaml_loader *l, struct error *err)
{
	const yaml_parser_t *p = &l->parser;

	if (p->error == YAML_MEMORY_ERROR)
		return error_set(err, -ENOMEM, "out of memory");
	if (p->error == YAML_READER_ERROR) {
		l->where = place_of_offset(l->text, l->base + p->problem_offset);
		return error_set(err, -EINVAL, "%s", p->problem ? p->problem : "unreadable text");
	}
	l->where = place(l, &p->problem_mark);
	if (l->flags & YAML_FORGIVING)
		move_to_falcos_place(l);
	l->missing = missing_at_end(l);
	if (p->context)
		return error_set(err, -EINVAL, "%s (line %zu): %s", p->context,
				 l->base_line + p->context_mark.line + 1, p->problem);
	return error_set(err, -EINVAL, "%s", p->problem ? p->problem : "the text is not YAML");
}

/* Ends the open document where it is. */
static int document_cut(struct yaml_loader *l, struct error *err)
{
	while (l->depth) {
		struct frame *f = &l->stack[l->depth - 1];

		if (f->key) {
			struct yaml_node *omitted = arena_new_of(l->arena, struct yaml_node);
			int r;

			if (!omitted)
				return error_set(err, -ENOMEM, "out of memory");
			*omitted = (struct yaml_node){ .kind = YAML_NULL, .at = l->where, .weight = 1 };
			account(l, omitted);
			r = attach(l, omitted, err);
			if (r < 0)
				return r;
		}
		close_collection(l);
	}
	return document_done(l, err);
}

/* Whether the open document is a block sequence at the margin: it ends where a line begins with something but "-". */
static bool in_margin_sequence(const struct yaml_loader *l)
{
	return l->depth && l->stack[0].node->kind == YAML_SEQUENCE && l->stack[0].node->at.column == 0;
}

/*
 * Whether the error only says that another document follows without "---"; then *ret_mark is where it begins and
 * *ret_open tells that the document before it is still open. libyaml has three ways to say it.
 */
static bool is_next_document(const struct yaml_loader *l, const yaml_mark_t **ret_mark, bool *ret_open)
{
	const yaml_parser_t *p = &l->parser;

	*ret_mark = &p->problem_mark;
	*ret_open = p->context != NULL;
	if (p->error == YAML_PARSER_ERROR && !p->context)
		return p->problem && !strcmp(p->problem, "did not find expected <document start>");
	if (!p->context || !in_margin_sequence(l))
		return false;
	if (p->error == YAML_PARSER_ERROR && !strcmp(p->context, "while parsing a block collection"))
		return l->depth == 1 && p->problem_mark.column == 0;
	*ret_mark = &p->context_mark; /* the first word of the line is no key */
	return p->error == YAML_SCANNER_ERROR && !strcmp(p->context, "while scanning a simple key") &&
	       p->context_mark.column == 0;
}

/* Goes on with the next document after an error that means no more. 1 = done, 0 = a real error. */
static int next_document(struct yaml_loader *l, struct error *err)
{
	const yaml_mark_t *mark;
	struct yaml_position at;
	bool open;
	int r = 0;

	if (!(l->flags & YAML_FORGIVING) || !is_next_document(l, &mark, &open))
		return 0;
	at = place(l, mark);
	if (at.offset <= l->base)
		return 0;
	l->where = at;
	if (open)
		r = document_cut(l, err);
	if (r < 0)
		return r;
	yaml_parser_delete(&l->parser);
	if (!yaml_parser_initialize(&l->parser))
		return error_set(err, -ENOMEM, "out of memory");
	parser_start(l, at.offset, at.line);
	return 1;
}

static int load_all(struct yaml_loader *l, struct error *err)
{
	bool end = false;
	int r = 0;

	if (!yaml_parser_initialize(&l->parser))
		return error_set(err, -ENOMEM, "out of memory");
	parser_start(l, 0, 0);
	while (!end && r >= 0) {
		yaml_event_t event;

		if (!yaml_parser_parse(&l->parser, &event)) {
			r = next_document(l, err);
			if (r == 0)
				r = parser_error(l, err);
			continue;
		}
		end = event.type == YAML_STREAM_END_EVENT;
		r = take_event(l, &event, err);
		yaml_event_delete(&event);
	}
	yaml_parser_delete(&l->parser);
	return r;
}

/* The text with the character that it lacks at its end; a colon stands right behind the key. */
static int complete(struct yaml_loader *l, struct str text, char missing, struct error *err)
{
	char *completed = arena_bytes(l->arena, text.len + 1);

	if (!completed)
		return error_set(err, -ENOMEM, "out of memory");
	while (missing == ':' && text.len && strchr(" \t\r\n", text.ptr[text.len - 1]))
		text.len--;
	memcpy(completed, text.ptr, text.len);
	completed[text.len] = missing;
	l->text = (struct str){ completed, text.len + 1 };
	return 0;
}

int yaml_load(struct arena *arena, struct str text, unsigned int flags, struct yaml_documents *ret_documents,
	      struct yaml_position *ret_where, struct error *err)
{
	struct yaml_loader *l = arena_new_of(arena, struct yaml_loader);
	const char *missing;
	int r;

	*ret_where = (struct yaml_position){ 0 };
	if (!l)
		return error_set(err, -ENOMEM, "out of memory");
	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = (struct str){ text.ptr + 3, text.len - 3 };
	if (text.len == 0)
		text = STR("");
	*l = (struct yaml_loader){ .arena = arena, .text = text, .flags = flags, .ascii = is_ascii(text), .missing = "" };
	r = load_all(l, err);
	for (missing = l->missing; r == -EINVAL && (flags & YAML_FORGIVING) && *missing; missing++) {
		*l = (struct yaml_loader){ .arena = arena, .flags = flags, .ascii = l->ascii, .missing = "" };
		r = complete(l, text, *missing, err);
		if (r == 0)
			r = load_all(l, err);
	}
	*ret_where = l->where;
	if (r < 0)
		return r;
	l->documents.text = text;
	*ret_documents = l->documents;
	return 0;
}

/* ---- reading values ----------------------------------------------------------------------------------------------------- */

struct yaml_node *yaml_get(const struct yaml_node *node, const char *key)
{
	struct str wanted = str_of(key);

	if (!node || node->kind != YAML_MAP)
		return NULL;
	for (uint32_t i = 0; i < node->count; i++)
		if (node->pairs[i].key->kind == YAML_SCALAR && str_eq(node->pairs[i].key->text, wanted))
			return node->pairs[i].value;
	return NULL;
}

/* lower, UPPER or Capitalised */
static bool is_word(struct str s, struct str lower)
{
	unsigned int upper = 0;

	if (!str_ieq(s, lower))
		return false;
	for (size_t i = 0; i < s.len; i++)
		upper += s.ptr[i] >= 'A' && s.ptr[i] <= 'Z';
	return upper == 0 || upper == s.len || (upper == 1 && s.ptr[0] >= 'A' && s.ptr[0] <= 'Z');
}

int yaml_bool(const struct yaml_node *node, bool *ret_value)
{
	static const struct {
		struct str yes, no;
	} words[] = { { { "y", 1 }, { "n", 1 } },
		      { { "yes", 3 }, { "no", 2 } },
		      { { "true", 4 }, { "false", 5 } },
		      { { "on", 2 }, { "off", 3 } } };

	if (node->kind != YAML_SCALAR)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		if (is_word(node->text, words[i].yes) || is_word(node->text, words[i].no)) {
			*ret_value = is_word(node->text, words[i].yes);
			return 0;
		}
	}
	return -EINVAL;
}

int yaml_u32(const struct yaml_node *node, uint32_t *ret_value)
{
	struct str s = node->text;
	uint64_t value = 0;
	int base = 10;

	if (node->kind != YAML_SCALAR)
		return -EINVAL;
	while (s.len && strchr(" \t\n\r", s.ptr[s.len - 1]))
		s.len--;
	if (s.len && s.ptr[0] == '+')
		s = (struct str){ s.ptr + 1, s.len - 1 };
	if (s.len > 2 && s.ptr[0] == '0' && (s.ptr[1] | 0x20) == 'x') {
		base = 16;
		s = (struct str){ s.ptr + 2, s.len - 2 };
	} else if (s.len > 1 && s.ptr[0] == '0') {
		base = 8;
	}
	if (s.len == 0)
		return -EINVAL;
	for (size_t i = 0; i < s.len; i++) {
		int digit = parse_hex_digit(s.ptr[i]);

		if (digit < 0 || digit >= base)
			return -EINVAL;
		value = value * (uint64_t)base + (uint64_t)digit;
		if (value > UINT32_MAX)
			return -ERANGE;
	}
	*ret_value = (uint32_t)value;
	return 0;
}
