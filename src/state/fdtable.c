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
	for (i = 0; i < t->direct_len; i++)
		fd_unref(t->direct[i]);
	while ((fd = table_next(&t->high, &at)))
		fd_unref(fd);
	table_free(&t->high);
	free(t->direct);
	free(t);
}

struct fdtable *fdtable_copy(const struct fdtable *t)
{
	struct fdtable *copy = fdtable_new();
	uint32_t i, at = 0;
	struct fd *fd;

	if (!copy)
		return NULL;
	if (t->direct_len) {
		copy->direct = malloc(t->direct_len * sizeof(*copy->direct));
		if (!copy->direct)
			goto fail;
		memcpy(copy->direct, t->direct, t->direct_len * sizeof(*copy->direct));
		copy->direct_len = t->direct_len;
		for (i = 0; i < t->direct_len; i++)
			if (copy->direct[i])
				copy->direct[i]->refs++;
	}
	while ((fd = table_next(&t->high, &at))) {
		if (table_put(&copy->high, fd->number, fd) < 0)
			goto fail;
		fd->refs++;
	}
	copy->count = t->count;
	return copy;
fail:
	fdtable_unref(copy);
	return NULL;
}

/* Makes direct[number] exist. */
static int reach(struct fdtable *t, uint32_t number)
{
	uint32_t len = t->direct_len ? t->direct_len : 16;
	struct fd **grown;

	if (number < t->direct_len)
		return 0;
	while (len <= number)
		len *= 2;
	grown = realloc(t->direct, len * sizeof(struct fd *));
	if (!grown)
		return -ENOMEM;
	memset(grown + t->direct_len, 0, (len - t->direct_len) * sizeof(struct fd *));
	t->direct = grown;
	t->direct_len = len;
	return 0;
}

int fdtable_put(struct fdtable *t, struct fd *fd)
{
	struct fd *old = fdtable_get(t, fd->number);
	int r = 0;

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
	if (fd->number < FDTABLE_DIRECT)
		t->direct[fd->number] = fd;
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
	if (number < FDTABLE_DIRECT)
		t->direct[number] = NULL;
	else
		table_remove(&t->high, number);
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

	for (i = 0; i < t->direct_len; i++)
		if (t->direct[i] && drop(context, t->direct[i]))
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

	for (i = 0; i < t->direct_len; i++) {
		r = t->direct[i] ? visit(context, t->direct[i]) : 0;
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
