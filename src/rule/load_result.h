/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_RULE_LOAD_RESULT_H
#define MONITOR_RULE_LOAD_RESULT_H

#include <stdbool.h>

#include "base/str.h"

/* Falco's finding codes; names and sentences are rows of load_codes.def. */
enum load_code {
#define LOAD_CODE(id, ...) id,
#include "rule/load_codes.def"
#undef LOAD_CODE
	LOAD_CODE_COUNT
};
const char *load_code_name(enum load_code code); /* "LOAD_ERR_YAML_PARSE" */

/* One step of the way to a finding, outermost first ("rules content", "rule" NAME, "rule condition" …). */
struct load_location {
	struct str item_type, item_name;
	struct str file;
	unsigned int line, column, offset; /* line and column as Falco counts them: from 1 and 0 resp. in its JSON */
};

struct load_finding {
	enum load_code code;
	bool is_error;
	struct str message;
	const struct load_location *locations;
	size_t nlocations;
	struct str snippet; /* the source line(s), with a mark under the place */
	struct str field; /* LOAD_DEPRECATED_ITEM of a field: its name, else empty */
	struct str hint; /* ours: "did you mean …"; empty = none */
};

struct load_result {
	struct str name; /* the file */
	bool successful;
	bool parsed; /* it is YAML, and was held against the schema */
	const struct str *schema_warnings; /* where it deviates; none = valid */
	size_t nschema_warnings;
	const struct load_finding *findings; /* errors and warnings in the order they were found */
	size_t nfindings;
	size_t omitted; /* findings that were too many to keep */
};

/*
 * Text for people, and the object of `falco -V` with JSON (one element of falco_load_results). In our own form
 * verbose explains each kind of finding; in Falco's it gives the findings their places and lines. Hints are ours only.
 */
void load_result_print(struct strbuf *out, const struct load_result *r, bool verbose, bool ours);
void load_result_print_json(struct strbuf *out, const struct load_result *r, bool ours);

#endif
