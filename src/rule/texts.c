/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/texts.h"

#include <errno.h>

#include "base/limits.h"

int texts_add(struct arena *arena, struct texts *t, struct str text)
{
	int r = arena_room(arena, (void **)&t->list, t->count, &t->cap, sizeof(*t->list));

	if (r == 0)
		t->list[t->count++] = text;
	return r;
}

int texts_add_sorted(struct arena *arena, struct texts *t, struct str text)
{
	size_t at = t->count;
	int r;

	if (t->count == RULES_TAGS)
		return -E2BIG;
	while (at > 0 && str_cmp(t->list[at - 1], text) > 0)
		at--;
	if (at > 0 && str_eq(t->list[at - 1], text))
		return 0;
	r = texts_add(arena, t, text);
	if (r < 0)
		return r;
	memmove(t->list + at + 1, t->list + at, (t->count - 1 - at) * sizeof(*t->list));
	t->list[at] = text;
	return 0;
}
