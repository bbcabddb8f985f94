/* SPDX-License-Identifier: Apache-2.0 */
#include "source/scap_paths.h"

#include <errno.h>
#include <stdlib.h>

#include "base/limits.h"

#define PATHS 2048 /* a power of two, as the next */
#define LINKS 256

struct place {
	uint64_t key; /* a hash of the path; 0 = free */
	struct strbuf leads_to;
};

struct scap_paths {
	struct strbuf asked; /* of the last guess, folded */
	struct strbuf guess;
	uint64_t key;
	const struct place *used; /* the link that it went through; NULL = none */
	struct place paths[PATHS]; /* whole paths that the links give another answer for */
	struct place links[LINKS];
};

#define HASH_START UINT64_C(0xcbf29ce484222325)

/* FNV-1a: a prefix's hash is on the way to the whole one's. */
static inline uint64_t hash_byte(uint64_t hash, char c)
{
	return (hash ^ (uint8_t)c) * UINT64_C(0x100000001b3);
}

static struct place *place(struct place *of, size_t n, uint64_t key)
{
	return &of[(key ^ key >> 32) & (n - 1)];
}

static int set(struct place *at, uint64_t key, struct str leads_to)
{
	at->key = 0;
	strbuf_reset(&at->leads_to);
	if (leads_to.len > SCAP_TOLD_PATH_BYTES)
		return 0;
	strbuf_addstr(&at->leads_to, leads_to);
	if (at->leads_to.failed)
		return -ENOMEM;
	at->key = key;
	return 0;
}

/* Adds the path without empty components, "." and "..", as links would not matter. */
static void add_folded(struct strbuf *out, struct str path)
{
	for (size_t i = 0; i < path.len;) {
		const char *at = path.ptr + i, *end = memchr(at, '/', path.len - i);
		size_t n = end ? (size_t)(end - at) : path.len - i;

		i += n + 1;
		if (!n || (n == 1 && at[0] == '.'))
			continue;
		if (n == 2 && at[0] == '.' && at[1] == '.') {
			const char *parent = str_last(strbuf_str(out), '/');

			out->len = parent ? (size_t)(parent - out->ptr) : 0;
			continue;
		}
		strbuf_addc(out, '/');
		strbuf_add(out, at, n);
	}
	if (!out->len)
		strbuf_addc(out, '/');
}

/* /proc/self is another link for each process. */
static void fold(struct scap_paths *p, int64_t tid, struct str asked)
{
	static const struct str self = { "/proc/self", 10 };

	strbuf_reset(&p->asked);
	if (str_starts(asked, self) && (asked.len == self.len || asked.ptr[self.len] == '/')) {
		strbuf_adds(&p->asked, "/proc/");
		strbuf_addi(&p->asked, tid);
		asked = (struct str){ asked.ptr + self.len, asked.len - self.len };
	}
	add_folded(&p->asked, asked);
}

struct str scap_paths_guess(struct scap_paths *p, int64_t tid, struct str asked)
{
	uint64_t hash = HASH_START;
	const struct place *at;
	struct str path;
	size_t prefix = 0;

	fold(p, tid, asked);
	path = strbuf_str(&p->asked);
	p->used = NULL;
	for (size_t i = 0; i < path.len; i++) {
		if (i && path.ptr[i] == '/' && (at = place(p->links, LINKS, hash))->key == hash) {
			p->used = at;
			prefix = i;
		}
		hash = hash_byte(hash, path.ptr[i]);
	}
	p->key = hash;
	at = place(p->paths, PATHS, hash);
	if (at->key == hash) {
		p->used = NULL;
		return strbuf_str(&at->leads_to);
	}
	if (!p->used)
		return path;
	strbuf_reset(&p->guess);
	strbuf_addstr(&p->guess, strbuf_str(&p->used->leads_to));
	strbuf_add(&p->guess, path.ptr + prefix, path.len - prefix);
	return strbuf_str(&p->guess);
}

/* How long the end is that both have, of whole components, when something is left of each. */
static size_t common_end(struct str a, struct str b)
{
	size_t n = 0, whole = 0;

	while (n < a.len && n < b.len && a.ptr[a.len - 1 - n] == b.ptr[b.len - 1 - n]) {
		n++;
		if (a.ptr[a.len - n] == '/' && n < a.len && n < b.len)
			whole = n;
	}
	return whole;
}

static int add_link(struct scap_paths *p, struct str asked, struct str real_path)
{
	size_t end = common_end(asked, real_path);
	uint64_t hash = HASH_START;

	if (!end)
		return 0;
	for (size_t i = 0; i < asked.len - end; i++)
		hash = hash_byte(hash, asked.ptr[i]);
	return set(place(p->links, LINKS, hash), hash, (struct str){ real_path.ptr, real_path.len - end });
}

int scap_paths_add(struct scap_paths *p, struct str real_path)
{
	struct str asked = strbuf_str(&p->asked);
	const struct place *known = place(p->paths, PATHS, p->key);
	struct str guess = known->key == p->key ? strbuf_str(&known->leads_to) :
			   p->used              ? strbuf_str(&p->guess) :
						  asked;
	int r = 0;

	if (p->asked.failed || p->guess.failed)
		return -ENOMEM;
	if (str_eq(guess, real_path))
		return 0;
	if (p->used && str_eq(asked, real_path))
		/* what it was learned from is a link alone, not its folder */
		place(p->links, LINKS, p->used->key)->key = 0;
	else
		r = add_link(p, asked, real_path);
	return r < 0 ? r : set(place(p->paths, PATHS, p->key), p->key, real_path);
}

/* ---- life ---- */

struct scap_paths *scap_paths_new(void)
{
	return calloc(1, sizeof(struct scap_paths));
}

void scap_paths_forget(struct scap_paths *p)
{
	for (size_t i = 0; i < PATHS; i++)
		p->paths[i].key = 0;
	for (size_t i = 0; i < LINKS; i++)
		p->links[i].key = 0;
}

void scap_paths_free(struct scap_paths *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < PATHS; i++)
		strbuf_free(&p->paths[i].leads_to);
	for (size_t i = 0; i < LINKS; i++)
		strbuf_free(&p->links[i].leads_to);
	strbuf_free(&p->asked);
	strbuf_free(&p->guess);
	free(p);
}
