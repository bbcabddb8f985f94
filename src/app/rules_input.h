/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_RULES_INPUT_H
#define MONITOR_APP_RULES_INPUT_H

#include "app/config.h"
#include "app/options.h"
#include "base/cleanup.h"
#include "base/sha256.h"
#include "base/str.h"
#include "rule/engine.h"

/* The rule files that a command works on, with their texts, in the order in which they are loaded. */
struct rules_input {
	struct rules_file {
		char *path, *text;
		size_t len;
		char sha256[SHA256_TEXT]; /* rules_file_sha256(), empty until then */
	} *list;
	size_t count, cap;
	bool found; /* something that was named is there, be it an empty folder */
	struct strbuf barren; /* what was named and gave no file, with the reason: "a is not there, b is …" */
};

/* That of the text, made when it is first asked for: only metrics want it, and it costs as much as reading the YAML. */
const char *rules_file_sha256(struct rules_file *f);

enum rules_input_flag {
	/* a file that is not named *.yaml or *.yml is passed over, as Falco's -r does */
	RULES_INPUT_YAML_ONLY = 1 << 0,
	RULES_INPUT_OPTIONAL = 1 << 1,	/* what is not there is passed over, as Falco's rules_files does */
};

/* Adds a file, or those of a folder that are named *.yaml or *.yml in byte order of their names. */
int rules_input_add(struct rules_input *in, const char *path, unsigned int flags, struct error *err);
/* Adds rules that stand elsewhere; name is for messages. */
int rules_input_add_text(struct rules_input *in, const char *name, struct str text, struct error *err);
/* Adds what rules_files of a configuration names, as far as it is there. */
int rules_input_add_configured(struct rules_input *in, const struct config *config, struct error *err);
/* Adds the rules that come with monitor: beside the program, else where they are installed. */
int rules_input_add_default(struct rules_input *in, struct error *err);
/* 0 when there is a file. Else -ENOENT: what was named and gave none, then the remedy, "" for none. */
int rules_input_require(const struct rules_input *in, const char *remedy, struct error *err);
/*
 * The files given by an option, else those that are in the input already, else the default ones. -ENOENT when
 * there are none at all.
 */
int rules_input_add_given(struct rules_input *in, const struct options *o, enum option_id id, struct error *err);
/* Whether the same paths had the same texts. */
bool rules_input_is_same(const struct rules_input *a, const struct rules_input *b);
void rules_input_free(struct rules_input *in);

static inline void rules_input_autofree(struct rules_input *in)
{
	rules_input_free(in);
}
#define auto_rules_input __attribute__((cleanup(rules_input_autofree)))

/* Loads all of them, as below. The texts may go when it returns. */
int rules_input_load(const struct rules_input *in, const struct engine_options *options, bool warnings,
		     struct rule_loader **ret_loader, struct error *err);
/*
 * Loads and compiles all of them. What was found goes to the log: errors always, warnings from LOG_LEVEL_INFO
 * on or when warnings is set. Negative when anything is wrong (then *err has a closing sentence). The texts
 * may go when it returns.
 */
int rules_input_compile(const struct rules_input *in, const struct engine_options *options, bool warnings,
			struct ruleset **ret_rules, struct error *err);
/*
 * The second half of that: compiles, and tells of the options' selections that are about no rule (a typing
 * mistake leaves a rule on).
 */
int rules_input_finish(struct rule_loader *loader, const struct engine_options *options, struct ruleset **ret_rules,
		       struct error *err);

#endif
