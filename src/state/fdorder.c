/* SPDX-License-Identifier: Apache-2.0 */
#include "state/fdorder.h"

#include <stdlib.h>

#include "base/cleanup.h"
#include "state/fdtable.h"

#define FIRST_BUCKETS 13

struct place {
	struct fd *fd;
	uint32_t bucket;
	int32_t key, group; /* of the oldest in its bucket: where the bucket stands */
};

/* The sizes that a table of the C++ library takes when it doubles. */
static uint32_t next_buckets(uint32_t buckets)
{
	static const uint32_t sizes[] = { FIRST_BUCKETS, 29,   59,    127,   257,   541,  1109,
					  2357,          5087, 10273, 20753, 42043, 85229 };
	size_t i;

	for (i = 0; i + 1 < ARRAY_SIZE(sizes) && sizes[i] <= buckets; i++)
		;
	return sizes[i];
}

static int by_bucket(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->bucket != y->bucket)
		return x->bucket < y->bucket ? -1 : 1;
	return (x->key > y->key) - (x->key < y->key);
}

static int by_group(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->group != y->group)
		return x->group < y->group ? -1 : 1;
	return (x->key > y->key) - (x->key < y->key);
}

static void add_place(struct place *p, struct fd *fd, int32_t key, uint32_t buckets)
{
	*p = (struct place){ .fd = fd,
			     .key = key,
			     .bucket = (uint32_t)((uint64_t)fd->number % (buckets ? buckets : 1)) };
}

static struct place *list(const struct fdtable *t)
{
	struct place *places = t->count ? calloc(t->count, sizeof(*places)) : NULL;
	uint32_t n = 0, at = 0, i, k;
	struct fd *fd;

	if (!places)
		return NULL;
	FDTABLE_EACH_DIRECT(t, i)
		add_place(&places[n++], t->direct[i], t->order.keys[i], t->order.buckets);
	while ((fd = table_next(&t->high, &at)))
		add_place(&places[n++], fd, INT32_MAX, t->order.buckets); /* so large a number has no key: oldest */
	qsort(places, n, sizeof(*places), by_bucket);
	for (i = 0; i < n; i = k) {
		for (k = i; k < n && places[k].bucket == places[i].bucket; k++)
			;
		for (uint32_t j = i; j < k; j++)
			places[j].group = places[k - 1].key;
	}
	qsort(places, n, sizeof(*places), by_group);
	return places;
}

struct fd **fdorder_list(const struct fdtable *t)
{
	auto_free struct place *places = list(t);
	struct fd **fds = places ? calloc(t->count, sizeof(struct fd *)) : NULL;

	for (uint32_t i = 0; fds && i < t->count; i++)
		fds[i] = places[i].fd;
	return fds;
}

void fdorder_grow(struct fdtable *t)
{
	auto_free struct place *places = list(t);
	bool grows = t->count >= t->order.buckets;

	t->order.front = 0;
	for (uint32_t i = 0; places && i < t->count; i++) {
		const uint32_t k = grows ? i : t->count - 1 - i;

		if (places[k].fd->number < FDTABLE_DIRECT)
			t->order.keys[places[k].fd->number] = --t->order.front;
	}
	if (grows)
		t->order.buckets = next_buckets(t->order.buckets);
}

int fdorder_reverse(struct fdorder *ret_order, const struct fdtable *from)
{
	int32_t front = INT32_MAX;
	uint32_t taken = 0, i;

	if (from->high.count || from->count > FIRST_BUCKETS)
		return 0;
	/* no two in one bucket: of the new table, and of this one, which may be larger */
	FDTABLE_EACH_DIRECT(from, i) {
		uint32_t bucket = i < FIRST_BUCKETS ? i : i % FIRST_BUCKETS;

		if (taken >> bucket & 1 || (i >= FIRST_BUCKETS && from->order.buckets != FIRST_BUCKETS))
			return 0;
		taken |= 1u << bucket;
		ret_order->keys[i] = -from->order.keys[i];
		if (ret_order->keys[i] < front)
			front = ret_order->keys[i];
	}
	ret_order->front = from->count ? front : 0;
	ret_order->buckets = from->count ? FIRST_BUCKETS : 0;
	return 1;
}
