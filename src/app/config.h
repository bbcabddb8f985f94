/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_CONFIG_H
#define MONITOR_APP_CONFIG_H

#include "app/config_tree.h"
#include "base/cleanup.h"
#include "base/sha256.h"
#include "rule/engine.h"

#define CONFIG_TYPE_BOOL    bool
#define CONFIG_TYPE_INT	    int64_t
#define CONFIG_TYPE_UINT    uint64_t
#define CONFIG_TYPE_DOUBLE  double
#define CONFIG_TYPE_TEXT    struct str
#define CONFIG_TYPE_SECRET  struct str
#define CONFIG_TYPE_WORD    struct str
#define CONFIG_TYPE_ANYCASE struct str
#define CONFIG_TYPE_LIST    struct yaml_node *
#define CONFIG_TYPE_MAP	    struct yaml_node *
#define CONFIG_TYPE_OBJECTS struct yaml_node *

/* Where values come from; yaml_node.origin is a place in struct config's list, plus 1. */
enum config_origin_kind { CONFIG_FROM_FILE, CONFIG_FROM_OPTION, CONFIG_FROM_FLAG };
struct config_origin {
	enum config_origin_kind kind;
	struct str name; /* the file, the -o assignment, the flag */
	char sha256[SHA256_TEXT]; /* of a file's text */
};

/* A falco.yaml with everything that was laid over it. All memory is in the arena. */
struct config {
	struct arena *arena;
	struct yaml_node *root;
	struct config_origin *origins;
	size_t norigins, origins_cap;
	bool *given; /* by row of config.def: it was set, to a value of the right type */

#define CONFIG(id, key, type, ...) CONFIG_TYPE_##type id;
#define MEMBER(...)
#include "app/config.def"
#undef MEMBER
#undef CONFIG

	/* the same and the rest, ready for use */
	enum priority min_priority;
	struct rule_selection *selections;
	size_t nselections;
	struct config_limit {
		struct str rule; /* a pattern of names */
		struct str *key; /* fields */
		size_t nkey;
		uint64_t interval_ns, alerts;
	} *limits;
	size_t nlimits;
	struct append_output *appends;
	size_t nappends;
	struct str *static_names, *static_values;
	size_t nstatic;
	struct str *rules_files;
	size_t nrules_files;
	bool container_plugin;
	struct config_plugin {
		struct str name, library_path, init_config, open_params; /* a map as JSON */
	} *load; /* the plugins to load, but for container */
	size_t nload;

	/* what a person should know; for the log */
	struct str *warnings;
	size_t nwarnings, warnings_cap;

	const char *option; /* what assignments were given with */
};

/* What a configuration is made of: later ones win. */
struct config_input {
	const char *path; /* the file; NULL = none: defaults only */
	const char *const *assignments; /* -o KEY=VALUE, in order */
	size_t nassignments;
	const char *option; /* what these are given with, if not with -o */
	bool strict; /* refuse what Falco refuses of -o: lists in brackets */
	const struct config_flag {
		const char *name; /* as given, "--snaplen" */
		const char *key, *value; /* what it means: a text at a path as of -o */
	} *flags;
	size_t nflags;
};

/*
 * Reads a configuration file, the files that it includes, the assignments and the flags. -EINVAL with the
 * reason when it cannot be used, as Falco could not.
 */
int config_load_input(const struct config_input *in, struct config **ret_config, struct error *err);
int config_load(const char *path, const char *const *assignments, size_t nassignments, struct config **ret_config,
		struct error *err);
/* The same from a text that is already there. */
int config_read(struct str name, struct str text, const char *const *assignments, size_t nassignments,
		struct config **ret_config, struct error *err);
void config_free(struct config *c); /* accepts NULL */
/* Whether they are made of the same files with the same texts, assignments and flags. NULL is the same as NULL. */
bool config_is_same(const struct config *a, const struct config *b);
DEFINE_AUTO(struct config, config, config_free);
#define auto_config AUTO(config)

/*
 * A path or address as the system wants it: the configuration's texts have no NUL behind them. -ENAMETOOLONG
 * names the key.
 */
int config_c_text(char *ret_text, size_t size, struct str value, const char *key, struct error *err);

/* What the configuration says to the rule engine; borrows from c. */
struct engine_options config_engine_options(const struct config *c);

/* The texts of a LIST key: an entry that is no text ends it; a single text is a list of one. False past the end. */
bool config_item(const struct yaml_node *list, size_t i, struct str *ret_text);
size_t config_items(const struct yaml_node *list); /* entries, texts or not */

/* Remembers a warning; 0 or -ENOMEM. */
int config_warn(struct config *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * A complaint about a key: "FILE:LINE:COLUMN: KEY: sentence", or what else it comes from. For checks outside
 * of the reader, too. key is a path as of config_tree_get(); one that is missing is told without a place.
 */
int config_error(const struct config *c, const char *key, struct error *err, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Where the value of a node was written: "FILE:LINE:COLUMN", "-o KEY", "--flag"; empty when it is a default. */
void config_place(const struct config *c, const struct yaml_node *node, struct strbuf *out);

/*
 * What is written at a path, with a line end, to be compared with another configuration's; the line is empty
 * when it is missing.
 */
void config_add_block(const struct config *c, const char *key, struct strbuf *out);
/* A node as JSON; what is a number or truth value in YAML is one there. */
void config_node_json(struct strbuf *out, const struct yaml_node *n);

/* ---- for the parts of the reader alone, each a file that config_load.c calls in this order ---- */

struct config *config_new(void); /* empty; NULL when memory is short */
int config_new_origin(struct config *c, enum config_origin_kind kind, struct str name, uint16_t *ret_origin,
		      struct error *err);
/* Reads one file's text as a tree whose nodes know their origin; text_alone is of config_tree_load(). */
int config_source(struct config *c, struct str name, struct str text, bool text_alone, struct yaml_node **ret_root,
		  struct error *err);

int config_include(struct config *c, struct str main_name, struct error *err); /* config_files */
int config_values(struct config *c); /* members from c->root */
int config_check_keys(struct config *c); /* unknown keys become warnings */
int config_check_values(struct config *c, struct error *err);
int config_lists(struct config *c, struct error *err); /* lists and maps */
int config_idle(struct config *c); /* keys without effect become warnings */

int config_number(struct str text, double *ret_value); /* -EINVAL when it is none */

#endif
