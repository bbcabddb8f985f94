/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_TESTS_UNIT_LOADING_H
#define MONITOR_TESTS_UNIT_LOADING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rule/read_item.h"

/* What the tests of loading share: items read from a text, and findings as one line. */
struct loading {
	struct arena *arena;
	struct engine_options options;
	struct items items;
	struct findings findings;
	struct rule_file file;
};

static inline void loading_start(struct loading *l)
{
	*l = (struct loading){ .arena = arena_new(1 << 14) };
	l->items.arena = l->findings.arena = l->arena;
	l->items.options = &l->options;
	l->file.name = STR("f");
}

static inline void loading_end(struct loading *l)
{
	items_free(&l->items);
	arena_free(l->arena);
}

/* Reads the items of a text up to the first that is refused: the result of reading the last one. */
static inline int loading_read(struct loading *l, const char *text)
{
	struct yaml_documents docs;
	struct yaml_position where;
	struct error err = { 0 };
	int r = 0;

	l->file.text = str_of(text);
	if (yaml_load(l->arena, l->file.text, 0, &docs, &where, &err) < 0)
		fail_msg("%s: %s", text, err.text);
	for (uint32_t i = 0; docs.count && i < docs.list[0]->count && r == 0; i++)
		r = read_item(&l->items, &l->findings, docs.list[0]->items[i], findings_file(&l->findings, &l->file));
	assert_false(l->findings.failed);
	return r;
}

/* "CODE item line:column" of each finding, with "; " between */
static inline void loading_print(struct strbuf *out, const struct load_finding *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct load_location *last = &list[i].locations[list[i].nlocations - 1];
		struct str item = STR("-");

		for (size_t k = 0; k < list[i].nlocations; k++)
			if (list[i].locations[k].item_name.len)
				item = list[i].locations[k].item_name;
		strbuf_addf(out, "%s%s " STR_FMT " %u:%u", out->len ? "; " : "", load_code_name(list[i].code) + 5,
			    STR_ARG(item), last->line, last->column);
	}
}

#endif
