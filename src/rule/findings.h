/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_FINDINGS_H
#define MONITOR_RULE_FINDINGS_H

#include <stdarg.h>

#include "base/arena.h"
#include "base/yaml.h"
#include "rule/load_result.h"

/*
 * Where loading is, and what it found there. A context is one step of the way from the file to a place in it; each
 * knows the step before it. Contexts and findings live in the loader's arena as long as the loader.
 */
enum load_item {
#define LOAD_ITEM(id, ...) id,
#include "rule/load_items.def"
#undef LOAD_ITEM
};

/* A file that was added to the loader; both texts are the loader's copies. */
struct rule_file {
	struct str name;
	struct str text; /* what positions refer to */
};

struct load_context {
	const struct load_context *parent; /* NULL: the file as a whole */
	const struct rule_file *file;
	enum load_item item;
	struct str name; /* of the item; may be empty */
	struct yaml_position at; /* in the file; of an expression: as Falco adds it up, see findings_expression() */
	size_t end; /* offset after the value, when it is a scalar */
	struct str expression; /* ITEM_EXPRESSION: the condition's text */
	size_t expression_offset;
};

/*
 * The findings of one file while they are gathered. Memory that runs short sets .failed; then contexts are their
 * parents and findings are lost, and the loading ends with -ENOMEM.
 */
struct findings {
	struct arena *arena;
	struct load_finding *list;
	size_t count, cap;
	size_t omitted; /* past RULES_FINDINGS */
	bool error; /* one of them is an error */
	bool ours; /* exact places, see engine_options */
	bool failed;
};

const struct load_context *findings_file(struct findings *f, const struct rule_file *file);
/* One step further: node's place. name is borrowed (arena or static). */
const struct load_context *findings_context(struct findings *f, const struct load_context *parent, enum load_item item,
					    struct str name, const struct yaml_node *node);
/* The same for a place that is not a node's. */
const struct load_context *findings_context_at(struct findings *f, const struct load_context *parent,
					       enum load_item item, struct str name, struct yaml_position at);
/*
 * A place inside the text of a condition, below the context of the condition or of the item that holds it. Falco's
 * position of it is the sum of the parent's and the one in the text (there counted from 1). shown: the text that
 * Falco shows, which may be another than the one that offset is in.
 */
const struct load_context *findings_expression(struct findings *f, const struct load_context *parent, struct str shown,
					       struct str expression, size_t offset);
/* The text of a condition as a whole. */
const struct load_context *findings_whole(struct findings *f, const struct load_context *parent, struct str expression);

/*
 * The same as a place in the file: where the text's byte at offset was written. at is the context of the condition's
 * value; a place that is not in that value (it was appended from elsewhere) is the value as a whole.
 */
const struct load_context *findings_exact(struct findings *f, const struct load_context *at, struct str text,
					  size_t offset);

/* Adds a finding; the code says whether it is an error. */
void findings_add(struct findings *f, enum load_code code, const struct load_context *at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* The same, and returns -EINVAL: for errors on the way out of a function. */
int findings_error(struct findings *f, enum load_code code, const struct load_context *at, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Gives the last finding its "did you mean". */
void findings_hint(struct findings *f, struct str hint);
/* The hint that this name may have been meant; nothing for an empty one. */
void findings_nearest(struct findings *f, struct str name);

/* Names the deprecated field that the last finding is about; field is borrowed (arena or static). */
void findings_field(struct findings *f, struct str field);

/* Puts the findings into the order of the file. */
void findings_sort(struct findings *f);

/* Texts in the arena; empty and .failed when memory is short. */
struct str findings_str(struct findings *f, struct str s);
struct str findings_printf(struct findings *f, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
