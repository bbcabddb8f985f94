/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_ARENA_H
#define MONITOR_BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/str.h"

/*
 * Things that are allocated together and freed together: a parsed rule file, the scratch of one event. Every pointer
 * dies at arena_reset() or arena_free(). Reset keeps the memory, so an event path that resets per event allocates
 * only until it has seen its largest event.
 */
struct arena {
	char *next, *end; /* of the chunk at hand: what is free of it */
	struct arena_chunk *first;
	struct arena_chunk *current; /* chunks after it are empty and kept for reuse */
	size_t chunk_bytes;
};

struct arena *arena_new(size_t chunk_bytes); /* first and usual chunk size; NULL when memory is short */
void arena_free(struct arena *a); /* accepts NULL */
void arena_reset(struct arena *a);

/* Zeroed, aligned for any type; NULL when memory is short. Never NULL for n == 0 otherwise. */
void *arena_alloc(struct arena *a, size_t n);
static inline void *arena_take(struct arena *a, size_t n); /* the same, uninitialised */
/* Uninitialised bytes, alignment 1: text built in place. */
static inline char *arena_bytes(struct arena *a, size_t n);
/* Copy with a NUL after it; .ptr is NULL when memory is short. */
struct str arena_str(struct arena *a, struct str s);
struct str arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define arena_new_of(arena, type)	    ((type *)arena_alloc((arena), sizeof(type)))
#define arena_array_of(arena, type, n) ((type *)arena_array((arena), sizeof(type), (n)))
void *arena_array(struct arena *a, size_t size, size_t n); /* checks size * n */
/* Makes room for one more entry of an array of count: a full one moves to twice its size. 0 or -ENOMEM. */
int arena_room(struct arena *a, void **list, size_t count, size_t *cap, size_t size);

/* ---- taking: inline, since every value of every event comes from here ---- */

char *arena_next_chunk(struct arena *a, size_t n); /* for those below: when the chunk at hand is too small */

static inline char *arena_cut(struct arena *a, size_t n, size_t alignment)
{
	size_t skip = -(uintptr_t)a->next & (alignment - 1), left = (size_t)(a->end - a->next);
	char *p = a->next + skip;

	if (__builtin_expect(skip > left || n > left - skip, 0))
		return arena_next_chunk(a, n);
	a->next = p + n;
	return p;
}

static inline void *arena_take(struct arena *a, size_t n)
{
	return arena_cut(a, n, _Alignof(max_align_t));
}

static inline char *arena_bytes(struct arena *a, size_t n)
{
	return arena_cut(a, n, 1);
}

DEFINE_AUTO(struct arena, arena, arena_free);
#define auto_arena AUTO(arena)

#endif
