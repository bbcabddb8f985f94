/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_LISTS_H
#define MONITOR_RULE_LISTS_H

#include "rule/items.h"

/*
 * Lists in conditions. They are pasted as text, list after list in the order of definition, wherever the name stands as
 * a word of its own: between blanks, parentheses, commas and equal signs.
 */
struct pasted_list {
	struct str name;
	struct str text; /* "value, value"; empty for an empty list */
	bool used;
};

struct lists {
	struct pasted_list *list; /* in the order of definition */
	size_t count;
	const struct names *names;
	uint64_t *odd; /* a bit a list whose name is no single word: looked for in every condition */
	uint64_t *wanted; /* scratch: a bit a list whose name the condition at hand holds */
};

/* Where pasting changed a text: for finding a place in the text before. */
struct paste {
	size_t at, removed, added;
	struct paste *before;
};

/* Resolves the lists within lists. 0 or -ENOMEM; -E2BIG when a list becomes too long (*ret_list tells which). */
int lists_prepare(struct arena *arena, const struct items *items, struct lists *ret_lists, size_t *ret_list);

/*
 * Pastes all lists into the condition. The result is in the arena, or the condition itself; *ret_pastes is the last
 * change (NULL = none). 0, -ENOMEM, or -E2BIG when the text becomes too long.
 */
int lists_paste(struct arena *arena, struct lists *lists, struct str condition, struct str *ret_text,
		const struct paste **ret_pastes);
/* The offset in the text before the pastes; what was pasted is where the name stood. */
size_t lists_unpaste(const struct paste *pastes, size_t offset);

/* A value as it stands in a condition: in quotes when it has blanks and no quotes of its own. */
void lists_print_value(struct strbuf *out, struct str value);

#endif
