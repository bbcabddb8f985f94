/* SPDX-License-Identifier: Apache-2.0 */
#include "source/scap_store.h"

#include <errno.h>
#include <stdlib.h>

#include "base/limits.h"

struct stored {
	bool used;
	int64_t tid;
	uint8_t *bytes;
	size_t len, cap; /* len 0: the thread has no event now */
};

/* The thread's slot, or the free one where it belongs. The table is never full. */
static struct stored *find(const struct scap_store *s, int64_t tid)
{
	size_t i = str_hash((struct str){ (const char *)&tid, sizeof(tid) }) & (s->cap - 1);

	while (s->slots[i].used && s->slots[i].tid != tid)
		i = (i + 1) & (s->cap - 1);
	return &s->slots[i];
}

static int grow(struct scap_store *s)
{
	struct scap_store bigger = { .cap = s->cap ? 2 * s->cap : 64, .used = s->used, .forgotten = s->forgotten };

	bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (size_t i = 0; i < s->cap; i++) {
		if (s->slots[i].used)
			*find(&bigger, s->slots[i].tid) = s->slots[i];
	}
	free(s->slots);
	*s = bigger;
	return 0;
}

int scap_store_put(struct scap_store *s, int64_t tid, struct str bytes)
{
	struct stored *slot;
	uint8_t *more;

	if (s->used >= SCAP_STORED_ENTER) {
		s->forgotten += s->used;
		scap_store_clear(s);
	}
	if (2 * s->used >= s->cap && grow(s) < 0)
		return -ENOMEM;
	slot = find(s, tid);
	if (bytes.len > slot->cap) {
		more = realloc(slot->bytes, bytes.len);
		if (!more)
			return -ENOMEM;
		slot->bytes = more;
		slot->cap = bytes.len;
	}
	if (!slot->used) {
		slot->used = true;
		slot->tid = tid;
		s->used++;
	}
	memcpy(slot->bytes, bytes.ptr, bytes.len);
	slot->len = bytes.len;
	return 0;
}

struct str scap_store_get(const struct scap_store *s, int64_t tid)
{
	const struct stored *slot = s->cap ? find(s, tid) : NULL;

	return slot && slot->used ? (struct str){ (const char *)slot->bytes, slot->len } : STR("");
}

void scap_store_remove(struct scap_store *s, int64_t tid)
{
	struct stored *slot = s->cap ? find(s, tid) : NULL;

	if (slot && slot->used)
		slot->len = 0;
}

void scap_store_clear(struct scap_store *s)
{
	for (size_t i = 0; i < s->cap; i++) {
		free(s->slots[i].bytes);
		s->slots[i] = (struct stored){ 0 };
	}
	s->used = 0;
}

void scap_store_free(struct scap_store *s)
{
	scap_store_clear(s);
	free(s->slots);
	*s = (struct scap_store){ 0 };
}
