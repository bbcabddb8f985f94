/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_STR_H
#define MONITOR_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A borrowed view of bytes. Not NUL-terminated in general; ptr is never dereferenced when len is 0. */
struct str {
	const char *ptr;
	size_t len;
};

#define STR(literal)	((struct str){ (literal), sizeof(literal) - 1 })
#define STR_FMT		"%.*s"
#define STR_ARG(s)	(int)(s).len, (s).ptr

static inline struct str str_of(const char *c_string)
{
	return (struct str){ c_string, c_string ? strlen(c_string) : 0 };
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_contains(struct str s, struct str part);

/* Without those of these characters that stand at its ends. */
struct str str_trim(struct str s, struct str characters);

/* The last c in s, NULL when there is none. memrchr() may not be given the pointer of an empty text. */
static inline const char *str_last(struct str s, char c)
{
	return s.len ? memrchr(s.ptr, c, s.len) : NULL;
}

/* ASCII case folding only, as Falco's icontains and LOAD_* checks do. */
bool str_ieq(struct str a, struct str b);
bool str_icontains(struct str s, struct str part);

/* memcmp order, shorter first when one is a prefix of the other. */
int str_cmp(struct str a, struct str b);

/* What ends the noun behind a number. */
static inline const char *str_plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* 64-bit hash for tables whose keys an attacker may choose: seeded per process (getrandom) at first use. */
uint64_t str_hash(struct str s);

/* Heap copy with a NUL after it; NULL when memory is short. */
char *str_dup(struct str s);

/* Edit distance (Levenshtein, at most 64 bytes a side), for "did you mean". */
unsigned int str_distance(struct str a, struct str b);

/*
 * A growing text buffer, always NUL-terminated once anything was added. Allocation failure sets .failed and makes
 * further additions no-ops, so that only the end of a long rendering needs a check. Zero-initialise; reuse with
 * strbuf_reset() (keeps memory), release with strbuf_free().
 */
struct strbuf {
	char *ptr;
	size_t len;
	size_t cap;
	bool failed;
};

void strbuf_add(struct strbuf *b, const void *bytes, size_t len);
void strbuf_adds(struct strbuf *b, const char *c_string);
void strbuf_addstr(struct strbuf *b, struct str s);
void strbuf_addc(struct strbuf *b, char c);
void strbuf_addf(struct strbuf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void strbuf_addu(struct strbuf *b, uint64_t v); /* decimal, without printf: on the alert path */
void strbuf_addi(struct strbuf *b, int64_t v);
void strbuf_reset(struct strbuf *b);
void strbuf_free(struct strbuf *b);
struct str strbuf_str(const struct strbuf *b);

static inline void strbuf_autofree(struct strbuf *b)
{
	strbuf_free(b);
}
#define auto_strbuf __attribute__((cleanup(strbuf_autofree)))

/*
 * An immutable, reference-counted string: a clone shares its parent's argv, environment and cwd instead of copying
 * them. Not thread-safe: one pipeline owns its state. bytes[len] is NUL.
 */
struct rstr {
	uint32_t refs;
	uint32_t len;
	char bytes[];
};

struct rstr *rstr_new(struct str s); /* NULL when memory is short */
struct rstr *rstr_ref(struct rstr *r); /* accepts NULL */
void rstr_unref(struct rstr *r); /* accepts NULL */

static inline struct str rstr_str(const struct rstr *r)
{
	return r ? (struct str){ r->bytes, r->len } : (struct str){ "", 0 };
}

/* Replaces *slot by a string of these bytes, keeping the old object when they are equal. 0 or -ENOMEM. */
int rstr_assign(struct rstr **slot, struct str s);

#endif
