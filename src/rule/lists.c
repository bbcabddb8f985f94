/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/lists.h"

#include <errno.h>

#include "base/limits.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_border(char c)
{
	return is_blank(c) || c == '(' || c == ')' || c == ',' || c == '=';
}

void lists_print_value(struct strbuf *out, struct str value)
{
	bool quote = value.len && memchr(value.ptr, ' ', value.len) && value.ptr[0] != '"' && value.ptr[0] != '\'';

	strbuf_add(out, "\"", quote);
	strbuf_addstr(out, value);
	strbuf_add(out, "\"", quote);
}

/* ---- preparing ----------------------------------------------------------------------------------------- */

static bool is_word(struct str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (is_border(name.ptr[i]))
			return false;
	return name.len > 0;
}

/* The list's values in a row. A name of an earlier list stands for that list's own items, one level deep. */
static size_t print_items(const struct items *items, const struct list_item *list, struct lists *lists,
			  struct strbuf *out)
{
	size_t count = 0;

	for (size_t i = 0; i < list->items.count; i++) {
		struct str item = list->items.list[i];
		uint32_t number = names_find(&items->list_names, item);
		const struct texts *texts = &(const struct texts){ .list = &item, .count = 1 };

		if (number != NAMES_NONE && items->lists[number].index < list->visibility) {
			texts = &items->lists[number].items;
			lists->list[number].used = true;
		}
		for (size_t k = 0; k < texts->count && count <= RULES_LIST_ITEMS; k++) {
			strbuf_adds(out, out->len ? ", " : "");
			lists_print_value(out, texts->list[k]);
			count++;
		}
	}
	return count;
}

int lists_prepare(struct arena *arena, const struct items *items, struct lists *ret_lists, size_t *ret_list)
{
	struct lists lists = { .count = items->nlists, .names = &items->list_names };
	struct strbuf text auto_strbuf = { 0 };
	size_t total = 0;

	lists.list = arena_array_of(arena, struct pasted_list, lists.count);
	lists.odd = arena_array_of(arena, uint64_t, lists.count / 64 + 1);
	lists.wanted = arena_array_of(arena, uint64_t, lists.count / 64 + 1);
	if (!lists.list || !lists.odd || !lists.wanted)
		return -ENOMEM;
	for (size_t i = 0; i < lists.count; i++) {
		strbuf_reset(&text);
		*ret_list = i;
		if (print_items(items, &items->lists[i], &lists, &text) > RULES_LIST_ITEMS)
			return -E2BIG;
		total += text.len;
		if (total > RULES_LISTS_BYTES)
			return -E2BIG;
		lists.list[i].name = items->lists[i].name;
		lists.list[i].text = arena_str(arena, strbuf_str(&text));
		if (text.failed || !lists.list[i].text.ptr)
			return -ENOMEM;
		if (!is_word(lists.list[i].name))
			lists.odd[i / 64] |= 1ull << i % 64;
	}
	*ret_lists = lists;
	return 0;
}

/* ---- pasting ------------------------------------------------------------------------------------------- */

/* Notes the lists, from a number on, whose names stand in the text as words. */
static void want(struct lists *lists, struct str text, uint32_t from)
{
	for (size_t i = 0; i < text.len;) {
		size_t start = i;
		uint32_t number = NAMES_NONE;

		while (i < text.len && !is_border(text.ptr[i]))
			i++;
		if (i > start)
			number = names_find(lists->names, (struct str){ text.ptr + start, i - start });
		if (number != NAMES_NONE && number >= from)
			lists->wanted[number / 64] |= 1ull << number % 64;
		while (i < text.len && is_border(text.ptr[i]))
			i++;
	}
}

/* The next list, from a number on, that may stand in the text; it is not wanted any more then. */
static uint32_t next_list(struct lists *lists, uint32_t from)
{
	for (size_t i = from / 64; i <= lists->count / 64; i++) {
		uint64_t bits = lists->wanted[i] | lists->odd[i];

		if (i == from / 64)
			bits &= ~0ull << from % 64;
		if (bits) {
			uint32_t bit = (uint32_t)__builtin_ctzll(bits);

			lists->wanted[i] &= ~(1ull << bit);
			return (uint32_t)i * 64 + bit;
		}
	}
	return NAMES_NONE;
}

static size_t find(struct str text, struct str name, size_t from)
{
	const char *at = from <= text.len ? memmem(text.ptr + from, text.len - from, name.ptr, name.len) : NULL;

	return at ? (size_t)(at - text.ptr) : SIZE_MAX;
}

static int note_paste(struct arena *arena, const struct paste **pastes, size_t at, size_t removed, size_t added)
{
	struct paste *p = arena_new_of(arena, struct paste);

	if (!p)
		return -ENOMEM;
	*p = (struct paste){ at, removed, added, (struct paste *)*pastes };
	*pastes = p;
	return 0;
}

/* Whether the name at an offset of the text is a word, what stands before it having been moved to out. */
static bool stands_alone(const struct strbuf *out, struct str text, size_t end)
{
	return (!out->len || is_border(out->ptr[out->len - 1])) && (end >= text.len || is_border(text.ptr[end]));
}

static void drop_last(struct strbuf *out)
{
	out->ptr[--out->len] = 0;
}

/*
 * Pastes one list wherever its name stands: text is moved to out piece by piece. Each paste takes the blanks around the
 * name and leaves one on each side; an empty list takes a comma with it.
 */
static int paste_list(struct arena *arena, struct pasted_list *list, struct str text, struct strbuf *out,
		      const struct paste **pastes)
{
	size_t moved = 0, name_at = find(text, list->name, 0);

	while (name_at != SIZE_MAX) {
		size_t end = name_at + list->name.len, before, start;
		bool at_start;

		strbuf_add(out, text.ptr + moved, name_at - moved);
		moved = name_at;
		if (out->failed)
			return -ENOMEM;
		if (!stands_alone(out, text, end)) {
			name_at = find(text, list->name, name_at + 1);
			continue;
		}
		before = out->len;
		while (out->len && is_blank(out->ptr[out->len - 1]))
			drop_last(out);
		while (end < text.len && is_blank(text.ptr[end]))
			end++;
		if (!list->text.len && out->len && out->ptr[out->len - 1] == ',')
			drop_last(out);
		else if (!list->text.len && end < text.len && text.ptr[end] == ',')
			end++;
		start = out->len;
		at_start = start == 0;
		strbuf_adds(out, at_start ? "" : " ");
		strbuf_addstr(out, list->text);
		strbuf_addc(out, ' ');
		if (out->failed ||
		    note_paste(arena, pastes, start, before - start + end - name_at, out->len - start) < 0)
			return -ENOMEM;
		if (out->len + (text.len - end) > RULES_COND_BYTES)
			return -E2BIG;
		list->used = true;
		moved = end;
		/* after a paste at the very start the search leaves out one character more */
		name_at = find(text, list->name, end + at_start);
	}
	strbuf_add(out, text.ptr + moved, text.len - moved);
	return out->failed ? -ENOMEM : 0;
}

int lists_paste(struct arena *arena, struct lists *lists, struct str condition, struct str *ret_text,
		const struct paste **ret_pastes)
{
	struct strbuf text auto_strbuf = { 0 }, fresh auto_strbuf = { 0 };
	const struct paste *pastes = NULL;
	uint32_t next;

	want(lists, condition, 0);
	next = next_list(lists, 0);
	if (next == NAMES_NONE) {
		*ret_text = condition;
		*ret_pastes = NULL;
		return 0;
	}
	strbuf_addstr(&text, condition);
	while (next != NAMES_NONE) {
		struct strbuf swap;
		int r;

		strbuf_reset(&fresh);
		r = paste_list(arena, &lists->list[next], strbuf_str(&text), &fresh, &pastes);
		if (r < 0)
			return r;
		swap = text;
		text = fresh;
		fresh = swap;
		want(lists, lists->list[next].text, next + 1); /* lists that are defined later may stand in it */
		next = next_list(lists, next + 1);
	}
	*ret_text = arena_str(arena, strbuf_str(&text));
	if (text.failed || !ret_text->ptr)
		return -ENOMEM;
	*ret_pastes = pastes;
	return 0;
}

size_t lists_unpaste(const struct paste *p, size_t offset)
{
	for (; p; p = p->before) {
		if (offset >= p->at + p->added)
			offset = offset - p->added + p->removed;
		else if (offset > p->at)
			offset = p->at + 1 < p->at + p->removed ? p->at + 1 : p->at;
	}
	return offset;
}
