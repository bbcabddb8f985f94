/* SPDX-License-Identifier: Apache-2.0 */
#include "state/fdtable.h"

#include <errno.h>

#include "base/cleanup.h"
#include "base/limits.h"

struct fdtable *fdtable_new(void)
{
	struct fdtable *t = calloc(1, sizeof(*t));

	if (t)
		t->refs = 1;
	return t;
}

struct fdtable *fdtable_ref(struct fdtable *t)
{
	t->refs++;
	return t;
}

void fdtable_unref(struct fdtable *t)
{
	uint32_t at = 0, i;
	struct fd *fd;

	if (!t || --t->refs)
		return;
	FDTABLE_EACH_DIRECT(t, i)
		fd_unref(t->direct[i]);
	while ((fd = table_next(&t->high, &at)))
		fd_unref(fd);
	table_free(&t->high);
	free(t->direct);
	free(t->order.keys);
	free(t);
}

/* Makes direct[number] exist. */
static int reach(struct fdtable *t, uint32_t number)
{
	uint32_t len = t->direct_len ? t->direct_len : 16;
	struct fd **grown;
	int32_t *keys;

	if (number < t->direct_len)
		return 0;
	while (len <= number)
		len *= 2;
	keys = realloc(t->order.keys, len * sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	memset(keys + t->direct_len, 0, (len - t->direct_len) * sizeof(*keys));
	t->order.keys = keys;
	grown = realloc(t->direct, len * sizeof(struct fd *));
	if (!grown)
		return -ENOMEM;
	memset(grown + t->direct_len, 0, (len - t->direct_len) * sizeof(struct fd *));
	t->direct = grown;
	t->direct_len = len;
	return 0;
}

/* The plain case: small numbers, few of them. 1 when that was it; -ENOMEM. */
static int copy_direct(struct fdtable *copy, const struct fdtable *t)
{
	uint32_t i;

	if (reach(copy, t->direct_len - 1) < 0)
		return -ENOMEM;
	if (!fdorder_reverse(&copy->order, t))
		return 0;
	FDTABLE_EACH_DIRECT(t, i) {
		copy->direct[i] = t->direct[i];
		copy->direct[i]->refs++;
	}
	memcpy(copy->used, t->used, sizeof(copy->used));
	copy->count = t->count;
	return 1;
}

struct fdtable *fdtable_copy(const struct fdtable *t)
{
	struct fdtable *copy = fdtable_new();
	auto_free struct fd **fds = NULL;
	uint32_t i;
	int r;

	if (!copy || !t->count)
		return copy;
	r = t->direct_len ? copy_direct(copy, t) : 0;
	if (r > 0)
		return copy;
	fds = r == 0 ? fdorder_list(t) : NULL;
	for (i = 0; fds && i < t->count; i++) {
		fds[i]->refs++;
		r = fdtable_put(copy, fds[i]); /* takes the reference */
		if (r < 0)
			break;
	}
	if (fds && r >= 0)
		return copy;
	fdtable_unref(copy);
	return NULL;
}

int fdtable_put(struct fdtable *t, struct fd *fd)
{
	struct fd *old = fdtable_get(t, fd->number);
	int r = 0;

	if (!old && (t->count >= t->order.buckets || t->order.front < FDORDER_LOWEST))
		fdorder_grow(t);
	if (fd->number < 0)
		r = -EINVAL;
	else if (!old && t->count >= STATE_FDS_PER_PROC)
		r = -ENOSPC;
	else if (fd->number < FDTABLE_DIRECT)
		r = reach(t, (uint32_t)fd->number);
	else
		r = table_put(&t->high, fd->number, fd);
	if (r < 0) {
		fd_unref(fd);
		return r;
	}
	if (fd->number < FDTABLE_DIRECT) {
		t->direct[fd->number] = fd;
		t->used[fd->number / 64] |= UINT64_C(1) << fd->number % 64;
		if (!old)
			t->order.keys[fd->number] = --t->order.front;
	}
	if (!old)
		t->count++;
	fd_unref(old);
	return 0;
}

int fdtable_remove(struct fdtable *t, int64_t number)
{
	struct fd *fd = fdtable_get(t, number);

	if (!fd)
		return 0;
	if (number < FDTABLE_DIRECT) {
		t->direct[number] = NULL;
		t->used[number / 64] &= ~(UINT64_C(1) << number % 64);
	} else {
		table_remove(&t->high, number);
	}
	t->count--;
	fd_unref(fd);
	return 1;
}

struct fd *fdtable_own(struct fdtable *t, int64_t number)
{
	struct fd *fd = fdtable_get(t, number), *copy;

	if (!fd || fd->refs == 1)
		return fd;
	copy = fd_copy(fd);
	if (!copy || fdtable_put(t, copy) < 0)
		return NULL;
	return copy;
}

size_t fdtable_drop(struct fdtable *t, bool (*drop)(void *context, const struct fd *fd), void *context)
{
	size_t dropped = 0;
	uint32_t i, at = 0;
	struct fd *fd;

	FDTABLE_EACH_DIRECT(t, i)
		if (drop(context, t->direct[i]))
			dropped += (size_t)fdtable_remove(t, i);
	while ((fd = table_next(&t->high, &at)))
		if (drop(context, fd)) {
			dropped += (size_t)fdtable_remove(t, fd->number);
			at--; /* removal may have moved the next one here */
		}
	return dropped;
}

static int compare_numbers(const void *a, const void *b)
{
	const struct fd *const *left = a, *const *right = b;

	return ((*left)->number > (*right)->number) - ((*left)->number < (*right)->number);
}

int fdtable_each(const struct fdtable *t, int (*visit)(void *context, struct fd *fd), void *context)
{
	auto_free struct fd **sorted = NULL;
	uint32_t i, n = 0, at = 0;
	struct fd *fd;
	int r;

	FDTABLE_EACH_DIRECT(t, i) {
		r = visit(context, t->direct[i]);
		if (r)
			return r;
	}
	if (!t->high.count)
		return 0;
	sorted = malloc(t->high.count * sizeof(struct fd *));
	if (!sorted)
		return -ENOMEM;
	while ((fd = table_next(&t->high, &at)))
		sorted[n++] = fd;
	qsort(sorted, n, sizeof(struct fd *), compare_numbers);
	for (i = 0; i < n; i++) {
		r = visit(context, sorted[i]);
		if (r)
			return r;
	}
	return 0;
}

int fdtable_each_hashed(const struct fdtable *t, int (*visit)(void *context, struct fd *fd), void *context)
{
	auto_free struct fd **fds = fdorder_list(t);
	uint32_t i;
	int r = fds || !t->count ? 0 : -ENOMEM;

	for (i = 0; fds && i < t->count && !r; i++)
		r = visit(context, fds[i]);
	return r;
}
