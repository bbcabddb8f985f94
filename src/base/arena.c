/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <errno.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>

struct arena_chunk {
	struct arena_chunk *next;
	size_t cap;
	alignas(max_align_t) char bytes[];
};

static struct arena_chunk *chunk_new(size_t cap)
{
	struct arena_chunk *c;

	if (cap > SIZE_MAX - sizeof(*c))
		return NULL;
	c = malloc(sizeof(*c) + cap);
	if (!c)
		return NULL;
	c->next = NULL;
	c->cap = cap;
	return c;
}

struct arena *arena_new(size_t chunk_bytes)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->chunk_bytes = chunk_bytes;
	a->first = chunk_new(chunk_bytes);
	if (!a->first) {
		free(a);
		return NULL;
	}
	arena_reset(a);
	return a;
}

void arena_free(struct arena *a)
{
	struct arena_chunk *c, *next;

	if (!a)
		return;
	for (c = a->first; c; c = next) {
		next = c->next;
		free(c);
	}
	free(a);
}

static char *begin_chunk(struct arena *a, struct arena_chunk *c, size_t n)
{
	a->current = c;
	a->next = c->bytes + n;
	a->end = c->bytes + c->cap;
	return c->bytes;
}

void arena_reset(struct arena *a)
{
	begin_chunk(a, a->first, 0);
}

char *arena_next_chunk(struct arena *a, size_t n)
{
	struct arena_chunk *c;

	for (c = a->current->next; c && c->cap < n; c = c->next)
		a->current = c; /* too small for this request: skipped until the next reset */
	if (!c) {
		c = chunk_new(n > a->chunk_bytes ? n : a->chunk_bytes);
		if (!c)
			return NULL;
		while (a->current->next)
			a->current = a->current->next;
		a->current->next = c;
	}
	return begin_chunk(a, c, n);
}

void *arena_alloc(struct arena *a, size_t n)
{
	void *p = arena_take(a, n);

	return p ? memset(p, 0, n) : NULL;
}

void *arena_array(struct arena *a, size_t size, size_t n)
{
	size_t total;

	return __builtin_mul_overflow(size, n, &total) ? NULL : arena_alloc(a, total);
}

struct str arena_str(struct arena *a, struct str s)
{
	char *copy = s.len == SIZE_MAX ? NULL : arena_bytes(a, s.len + 1);

	if (!copy)
		return (struct str){ NULL, 0 };
	if (s.len)
		memcpy(copy, s.ptr, s.len);
	copy[s.len] = 0;
	return (struct str){ copy, s.len };
}

struct str arena_printf(struct arena *a, const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0)
		return (struct str){ NULL, 0 };
	text = arena_bytes(a, (size_t)n + 1);
	if (!text)
		return (struct str){ NULL, 0 };
	va_start(args, format);
	vsnprintf(text, (size_t)n + 1, format, args);
	va_end(args);
	return (struct str){ text, (size_t)n };
}

int arena_room(struct arena *a, void **list, size_t count, size_t *cap, size_t size)
{
	size_t wanted = *cap ? *cap * 2 : 8;
	void *grown;

	if (count < *cap)
		return 0;
	grown = arena_array(a, size, wanted);
	if (!grown)
		return -ENOMEM;
	if (count)
		memcpy(grown, *list, count * size);
	*list = grown;
	*cap = wanted;
	return 0;
}
