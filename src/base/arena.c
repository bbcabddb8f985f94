/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>

#define ALIGNMENT alignof(max_align_t)

struct chunk {
	struct chunk *next;
	size_t cap;
	alignas(max_align_t) char bytes[];
};

struct arena {
	struct chunk *first;
	struct chunk *current; /* chunks after it are empty and kept for reuse */
	size_t used; /* in current */
	size_t chunk_bytes;
};

static struct chunk *chunk_new(size_t cap)
{
	struct chunk *c;

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
	a->first = a->current = chunk_new(chunk_bytes);
	if (!a->first) {
		free(a);
		return NULL;
	}
	return a;
}

void arena_free(struct arena *a)
{
	struct chunk *c, *next;

	if (!a)
		return;
	for (c = a->first; c; c = next) {
		next = c->next;
		free(c);
	}
	free(a);
}

void arena_reset(struct arena *a)
{
	a->current = a->first;
	a->used = 0;
}

static char *take(struct arena *a, size_t n, size_t alignment)
{
	size_t at = (a->used + alignment - 1) & ~(alignment - 1);
	struct chunk *c;

	if (at <= a->current->cap && n <= a->current->cap - at) {
		a->used = at + n;
		return a->current->bytes + at;
	}
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
	a->current = c;
	a->used = n;
	return c->bytes;
}

void *arena_take(struct arena *a, size_t n)
{
	return take(a, n, ALIGNMENT);
}

void *arena_alloc(struct arena *a, size_t n)
{
	void *p = take(a, n, ALIGNMENT);

	return p ? memset(p, 0, n) : NULL;
}

char *arena_bytes(struct arena *a, size_t n)
{
	return take(a, n, 1);
}

void *arena_array(struct arena *a, size_t size, size_t n)
{
	size_t total;

	return __builtin_mul_overflow(size, n, &total) ? NULL : arena_alloc(a, total);
}

struct str arena_str(struct arena *a, struct str s)
{
	char *copy = s.len == SIZE_MAX ? NULL : take(a, s.len + 1, 1);

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
	text = take(a, (size_t)n + 1, 1);
	if (!text)
		return (struct str){ NULL, 0 };
	va_start(args, format);
	vsnprintf(text, (size_t)n + 1, format, args);
	va_end(args);
	return (struct str){ text, (size_t)n };
}
