/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_YAML_H
#define MONITOR_BASE_YAML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

/*
 * YAML text as a tree of nodes that know where they were written. Everything lives in the caller's arena. An alias is
 * the anchored node itself, so the tree may share nodes but never contains itself; walking it visits at most YAML_NODES
 * nodes and goes at most YAML_DEPTH deep, aliases included.
 */
enum yaml_kind { YAML_NULL, YAML_SCALAR, YAML_SEQUENCE, YAML_MAP };

/* All from 0. Columns and offsets count bytes; a byte order mark at the start of the text is not part of it. */
struct yaml_position {
	unsigned int line, column;
	size_t offset;
};

struct yaml_node {
	enum yaml_kind kind;
	bool plain; /* a scalar without quotes and not in a block: its text may stand for a number or truth value */
	uint16_t origin; /* the caller's: which text it is from, for instance; 0 at first */
	struct yaml_position at; /* of its anchor or tag when it has one; of an omitted value: of what follows it */
	size_t end; /* offset after a scalar's last byte */
	struct str text; /* YAML_SCALAR, unescaped; YAML_NULL: as written */
	uint32_t count; /* entries below */
	uint32_t room; /* the caller's, for trees that it makes grow: entries that fit; 0 at first */
	union {
		struct yaml_node **items; /* YAML_SEQUENCE */
		struct yaml_pair {
			struct yaml_node *key, *value;
		} *pairs; /* YAML_MAP: in the order of the text, duplicates included */
	};
	uint32_t height; /* levels below */
	uint64_t weight; /* nodes in the tree below, aliases counted each time; itself included */
};

struct yaml_documents {
	struct str text; /* what the positions refer to: the input without its byte order mark */
	struct yaml_node **list;
	size_t count;
};

enum yaml_flag {
	/*
	 * Reads some kinds of broken text as yaml-cpp does: controls and other ends of lines (U+0085, U+2028)
	 * are characters like others; between tokens, a tab before a comment or the line's end is a blank; what follows
	 * the end of a document without "---" is the next document; a quote that is open at the end of the text
	 * ends there; a last word that should be a key is one.
	 */
	YAML_FORGIVING = 1 << 0,
};

/*
 * Reads all documents. 0; -EINVAL with the reason in err and its place in *ret_where; -E2BIG when a limit is exceeded
 * (*ret_where is set, too); -ENOMEM.
 */
int yaml_load(struct arena *arena, struct str text, unsigned int flags, struct yaml_documents *ret_documents,
	      struct yaml_position *ret_where, struct error *err);

/* The value of the first entry of this key; NULL when there is none or node is no map. */
struct yaml_node *yaml_get(const struct yaml_node *node, const char *key);

/*
 * A scalar's text as a value, quoted or not, in YAML 1.1's forms: y/n, yes/no, true/false, on/off (lower, upper or
 * capitalised); numbers decimal, 0x hexadecimal or 0 octal. -EINVAL when it is none.
 */
int yaml_bool(const struct yaml_node *node, bool *ret_value);
int yaml_u32(const struct yaml_node *node, uint32_t *ret_value);

#endif
