/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_DECODE_H
#define MONITOR_RULE_DECODE_H

#include "rule/items.h"

/* An item of a file, or a map within one, whose keys are decoded. Findings about it are told at its place. */
struct decode_from {
	struct findings *findings;
	const struct yaml_node *item;
	const struct load_context *at;
};

enum decode {
	DECODE_REQUIRED,
	DECODE_OPTIONAL,
	DECODE_MAY_BE_EMPTY, /* optional, and null or an empty text is as good as missing */
};

/*
 * The value of a key. All return 0, -EINVAL after a finding at the item or at the value, or -ENOMEM. A key
 * that is optional and missing leaves *value as it was. Texts are the file's own, borrowed.
 */
int decode_text(const struct decode_from *from, const char *key, enum decode need, struct str *value);
int decode_bool(const struct decode_from *from, const char *key, enum decode need, bool *value);
int decode_u32(const struct decode_from *from, const char *key, enum decode need, uint32_t *value);
/* A list of texts, in the order of the file; or sorted and each once. */
int decode_texts(const struct decode_from *from, const char *key, enum decode need, bool sorted, struct texts *texts);

/* What an item's kind allows to override. */
struct decode_overridable {
	const char *key;
	bool append, replace;
};

/* How an item changes an earlier one of its name: nothing set where it defines one. */
struct decode_form {
	bool append; /* "append: true", the old way */
	uint32_t appended, replaced; /* by "override": bit i for allowed[i] */
};

/* Reads "append" and "override", of which only one may be there. */
int decode_form(const struct decode_from *from, const struct decode_overridable *allowed, size_t nallowed,
		struct decode_form *ret_form);

/*
 * The key of a rule that is reserved for us: Falco warns of it and goes on. Here it takes a map, and what is
 * in there that this version does not know is warned of by name. 0 or -ENOMEM; findings are warnings.
 */
#define DECODE_EXTENSIONS STR("x-monitor")
int decode_extensions(const struct decode_from *from);

/* Warns of each key that is not in known. */
int decode_warn_unknown(const struct decode_from *from, const char *const *known, size_t nknown);

#endif
