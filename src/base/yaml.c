/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml.h"

#include <errno.h>

#include "base/yaml_internal.h"

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] & 0x80)
			return false;
	return true;
}

static int parser_start(struct yaml_loader *l, size_t base, unsigned int line, struct error *err)
{
	struct str input = { l->text.ptr + base, l->text.len - base };

	yaml_place_begin(l, base, line);
	if (l->odd)
		input = yaml_odd_hide(l->arena, input, yaml_odd_count(input));
	if (!input.ptr)
		return error_set(err, -ENOMEM, "out of memory");
	yaml_parser_set_encoding(&l->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&l->parser, (const unsigned char *)input.ptr, input.len);
	return 0;
}

/* ---- the parser's errors ------------------------------------------------------------------------------- */

/* The end of a quote, or the colon after a key, where the text ends without it. */
static const char *missing_at_end(struct yaml_loader *l)
{
	const yaml_parser_t *p = &l->parser;

	if (p->error != YAML_SCANNER_ERROR || !p->context || yaml_place(l, &p->problem_mark).offset < l->text.len)
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

/*
 * Between tokens yaml-cpp takes a tab for a blank where nothing but a comment follows in its line. Length of
 * these blanks where the parser stopped at such a one; 0 = at something else.
 */
static size_t tab_between_tokens(const struct yaml_loader *l)
{
	const yaml_parser_t *p = &l->parser;
	const struct str text = l->text;
	size_t start = l->where.offset, end = start;

	if (p->error != YAML_SCANNER_ERROR || !p->context || strcmp(p->context, "while scanning for the next token") ||
	    start >= text.len || text.ptr[start] != '\t')
		return 0;
	while (end < text.len && (text.ptr[end] == '\t' || text.ptr[end] == ' '))
		end++;
	return end == text.len || strchr("#\r\n", text.ptr[end]) ? end - start : 0;
}

static int parser_error(struct yaml_loader *l, struct error *err)
{
	const yaml_parser_t *p = &l->parser;

	if (p->error == YAML_MEMORY_ERROR)
		return error_set(err, -ENOMEM, "out of memory");
	if (p->error == YAML_READER_ERROR) {
		l->where = yaml_place_of_offset(l->text, l->base + p->problem_offset);
		return error_set(err, -EINVAL, "%s", p->problem ? p->problem : "unreadable text");
	}
	l->where = yaml_place(l, &p->problem_mark);
	l->tab = (struct yaml_span){ l->where.offset, tab_between_tokens(l) };
	if (l->flags & YAML_FORGIVING)
		move_to_falcos_place(l);
	l->missing = missing_at_end(l);
	if (p->context)
		return error_set(err, -EINVAL, "%s (line %zu): %s", p->context,
				 l->base_line + p->context_mark.line + 1, p->problem);
	return error_set(err, -EINVAL, "%s", p->problem ? p->problem : "the text is not YAML");
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
	at = yaml_place(l, mark);
	if (at.offset <= l->base)
		return 0;
	l->where = at;
	if (open)
		r = yaml_tree_cut(l, err);
	if (r < 0)
		return r;
	yaml_parser_delete(&l->parser);
	if (!yaml_parser_initialize(&l->parser))
		return error_set(err, -ENOMEM, "out of memory");
	r = parser_start(l, at.offset, at.line, err);
	return r < 0 ? r : 1;
}

static int load_all(struct yaml_loader *l, struct error *err)
{
	bool end = false;
	int r = 0;

	if (!yaml_parser_initialize(&l->parser))
		return error_set(err, -ENOMEM, "out of memory");
	r = parser_start(l, 0, 0, err);
	while (!end && r >= 0) {
		yaml_event_t event;

		if (!yaml_parser_parse(&l->parser, &event)) {
			r = next_document(l, err);
			if (r == 0)
				r = parser_error(l, err);
			continue;
		}
		end = event.type == YAML_STREAM_END_EVENT;
		r = yaml_tree_take(l, &event, err);
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
	struct str whole;
	int r;

	*ret_where = (struct yaml_position){ 0 };
	if (!l)
		return error_set(err, -ENOMEM, "out of memory");
	if (str_starts(text, STR("\xef\xbb\xbf")))
		text = (struct str){ text.ptr + 3, text.len - 3 };
	if (text.len == 0)
		text = STR("");
	whole = text;
	*l = (struct yaml_loader){
		.arena = arena, .text = text, .flags = flags, .ascii = is_ascii(text), .missing = ""
	};
	l->odd = flags & YAML_FORGIVING && yaml_odd_count(text);
	r = load_all(l, err);
	for (unsigned int n = 0; r == -EINVAL && flags & YAML_FORGIVING && l->tab.len && n < YAML_TABS; n++) {
		/* blanks in its place, and again from the start */
		const struct yaml_span tab = l->tab;
		char *copy = (char *)arena_str(arena, text).ptr;

		if (!copy)
			return error_set(err, -ENOMEM, "out of memory");
		memset(copy + tab.at, ' ', tab.len);
		text.ptr = copy;
		*l = (struct yaml_loader){
			.arena = arena, .text = text, .flags = flags, .ascii = l->ascii, .odd = l->odd, .missing = ""
		};
		r = load_all(l, err);
	}
	for (missing = l->missing; r == -EINVAL && (flags & YAML_FORGIVING) && *missing; missing++) {
		*l = (struct yaml_loader){
			.arena = arena, .flags = flags, .ascii = l->ascii, .odd = l->odd, .missing = ""
		};
		r = complete(l, text, *missing, err);
		if (r == 0)
			r = load_all(l, err);
	}
	*ret_where = l->where;
	if (r < 0)
		return r;
	l->documents.text = whole;
	*ret_documents = l->documents;
	return 0;
}
