/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_DECODE_H
#define MONITOR_RULE_DECODE_H

#include "rule/items.h"

/*
 * Values of the keys of an item. All return 0, -EINVAL after a finding at the item or at the value, or -ENOMEM. A key
 * that is optional and missing leaves *value as it was.
 */
enum decode {
	DECODE_REQUIRED,
	DECODE_OPTIONAL,
	DECODE_MAY_BE_EMPTY, /* optional, and null or an empty text is as good as missing */
};

int decode_text(struct findings *f, const struct yaml_node *item, const char *key, enum decode need,
		const struct load_context *at, struct str *value);
int decode_bool(struct findings *f, const struct yaml_node *item, const char *key, enum decode need,
		const struct load_context *at, bool *value);
int decode_u32(struct findings *f, const struct yaml_node *item, const char *key, enum decode need,
	       const struct load_context *at, uint32_t *value);
/* A list of texts, in the order of the file; or sorted and each once. */
int decode_texts(struct findings *f, const struct yaml_node *item, const char *key, enum decode need, bool sorted,
		 const struct load_context *at, struct texts *texts);

/* One override: key and operation. */
struct decode_override {
	struct str key;
	bool append; /* else replace */
};

/* What an item's kind allows to override. */
struct decode_overridable {
	const char *key;
	bool append, replace;
};

/*
 * Reads "override" into *ret_appended and *ret_replaced: bit i for allowed[i]. What is no map is no override, except a
 * list, which is an error as Falco has it: about the file as a whole.
 */
int decode_overrides(struct findings *f, const struct yaml_node *item, const struct decode_overridable *allowed,
		     size_t nallowed, const struct load_context *at, uint32_t *ret_appended, uint32_t *ret_replaced);

/*
 * The key of a rule that is reserved for us: Falco warns of it and goes on. Here it takes a map, and what is in there that
 * this version does not know is warned of by name. 0 or -ENOMEM; findings are warnings.
 */
#define DECODE_EXTENSIONS STR("x-monitor")
int decode_extensions(struct findings *f, const struct yaml_node *item, const struct load_context *at);

/* Warns of each key that is not in known. */
int decode_warn_unknown(struct findings *f, const struct yaml_node *item, const char *const *known, size_t nknown,
			const struct load_context *at);

#endif
