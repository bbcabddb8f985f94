/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_BASE_YAML_INTERNAL_H
#define MONITOR_BASE_YAML_INTERNAL_H

#include <yaml.h>

#include "base/limits.h"
#include "base/yaml.h"

/* What the files of the loader share. */

struct yaml_anchor {
	struct str name;
	struct yaml_node *node;
	bool open; /* its node is not complete: an alias here would contain itself */
	struct yaml_anchor *next;
};

/* A collection that is still open. */
struct yaml_frame {
	struct yaml_node *node;
	struct yaml_node *key; /* of a map: the key whose value comes next */
	struct yaml_anchor *anchor;
	uint32_t cap;
};

struct yaml_loader {
	struct arena *arena;
	struct str text;
	unsigned int flags;
	struct yaml_documents documents;
	size_t documents_cap;
	yaml_parser_t parser;

	/* where the present parser's input begins in text */
	size_t base;
	unsigned int base_line;
	bool ascii; /* characters are bytes */
	bool odd; /* the parser gets some characters as others: yaml_odd.c */
	/* the last place found, from which the next one is counted */
	struct {
		size_t index, byte, line_start;
	} cursor;

	/* of the present document */
	struct yaml_frame stack[YAML_DEPTH];
	unsigned int depth;
	struct yaml_node *root;
	struct yaml_node *omitted; /* a value that was not written: it is placed where the next event begins */
	struct yaml_anchor *anchors;
	unsigned int nanchors;
	uint64_t weight;

	struct yaml_position where;
	struct yaml_span {
		size_t at, len;
	} tab; /* the error is this, which stands for blanks; len 0: it is another */
	/* the error is the end of the text where one of these characters is expected; else empty */
	const char *missing;
};

/* yaml_place.c: a parser's input begins here in the text; where its marks are; and where a byte is. */
void yaml_place_begin(struct yaml_loader *l, size_t base, unsigned int line);
struct yaml_position yaml_place(struct yaml_loader *l, const yaml_mark_t *mark);
struct yaml_position yaml_place_of_offset(struct str text, size_t offset);

/* yaml_tree.c: adds what the parser saw; ends the open document where it is. */
int yaml_tree_take(struct yaml_loader *l, const yaml_event_t *event, struct error *err);
int yaml_tree_cut(struct yaml_loader *l, struct error *err);

/* yaml_odd.c: how many characters of a text the parser has to get as others; 0: none, or it cannot be. */
size_t yaml_odd_count(struct str text);
/* The same with those as others; count: how many there are at most. .ptr NULL: out of memory. */
struct str yaml_odd_hide(struct arena *arena, struct str text, size_t count);
/* Undoes it in place, in a text of the parser's; the new length, which is no larger. */
size_t yaml_odd_show(char *text, size_t len);

#endif
