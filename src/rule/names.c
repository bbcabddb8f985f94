/* SPDX-License-Identifier: Apache-2.0 */
#include "rule/names.h"

#include <errno.h>
#include <stdlib.h>

void names_free(struct names *n)
{
	free(n->slots);
	*n = (struct names){ 0 };
}

static struct names_slot *slot_of(const struct names *n, struct str name)
{
	size_t i = str_hash(name) & n->mask;

	while (n->slots[i].name.ptr && !str_eq(n->slots[i].name, name))
		i = (i + 1) & n->mask;
	return &n->slots[i];
}

uint32_t names_find(const struct names *n, struct str name)
{
	const struct names_slot *slot = n->count ? slot_of(n, name) : NULL;

	return slot && slot->name.ptr ? slot->number : NAMES_NONE;
}

static int grow(struct names *n)
{
	struct names old = *n;
	size_t slots = n->slots ? (n->mask + 1) * 2 : 64;

	n->slots = calloc(slots, sizeof(*n->slots));
	if (!n->slots) {
		n->slots = old.slots;
		return -ENOMEM;
	}
	n->mask = slots - 1;
	for (size_t i = 0; old.slots && i <= old.mask; i++)
		if (old.slots[i].name.ptr)
			*slot_of(n, old.slots[i].name) = old.slots[i];
	free(old.slots);
	return 0;
}

int names_add(struct names *n, struct str name, uint32_t number)
{
	if (!n->slots || n->count * 2 > n->mask) {
		int r = grow(n);

		if (r < 0)
			return r;
	}
	*slot_of(n, name) = (struct names_slot){ name, number };
	n->count++;
	return 0;
}
