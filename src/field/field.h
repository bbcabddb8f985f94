/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_FIELD_FIELD_H
#define MONITOR_FIELD_FIELD_H

#include "base/arena.h"
#include "base/error.h"
#include "field/value.h"
#include "source/source.h"
#include "state/state.h"

/* ---- the catalogue (fields.def) ------------------------------------------------------------------------ */

enum field_flag {
	FIELD_LIST = 1 << 0, /* several values */
	FIELD_ARG_REQUIRED = 1 << 1, /* name[arg], or name.arg for evt.arg and kin */
	FIELD_ARG_ALLOWED = 1 << 2,
	FIELD_ARG_INDEX = 1 << 3, /* the argument is a number */
	FIELD_FILTER_ONLY = 1 << 4,
	FIELD_PRINT_ONLY = 1 << 5,
	FIELD_DEPRECATED = 1 << 6,
	FIELD_TABLE_ONLY = 1 << 7,
	FIELD_NO_RHS = 1 << 8,
	FIELD_NO_TRANSFORMER = 1 << 9,
	FIELD_SUGGESTED = 1 << 10, /* append_output's suggested_output adds it */
	FIELD_HIDDEN = 1 << 11,
	FIELD_CONTAINER_PLUGIN = 1 << 12, /* exists in Falco only with its container plugin loaded */
	FIELD_OURS = 1 << 13, /* not Falco's */
	FIELD_JSON_TIME = 1 << 14, /* text, but epoch ns in output_fields */
	FIELD_JSON_NUMBER = 1 << 15, /* padded text, but a number in output_fields */
	FIELD_ARG_KEY = 1 << 17, /* the argument is a text; with FIELD_ARG_INDEX, either */
	FIELD_FOREIGN = 1 << 18, /* a plugin's */
	FIELD_CHAIN = 1 << 16, /* one text; outputs get its parts: joined in text, an array in output_fields */
};

struct field_info; /* a row of fields.def */
struct field_context;

/* What it means that an extraction gives more than one value although the field is not list-typed. */
enum field_several {
	FIELD_ONE, /* it never does */
	FIELD_ANY, /* proc.aname without an index: a comparison holds when it holds for any value */
	/*
	 * fd.ip, fd.port, fd.net: both ends of a connection; != must hold for both, the others for any. PRESENT with
	 * no value at all: a descriptor without addresses; it exists, and nothing else holds.
	 */
	FIELD_ENDS,
};

/* A field with its argument, as a condition or a format names it. Immutable after field_lookup(). */
struct field_ref {
	const struct field_info *info;
	struct str text; /* as written: "proc.aname[2]" */
	struct str arg; /* empty when there is none */
	bool has_arg;
	uint64_t arg_index; /* FIELD_ARG_INDEX */
	enum param_type type; /* of the value: evt.rawarg and evt.arg depend on the argument */
	enum print_format format;
	bool list;
	bool output; /* as outputs print it, where that differs from what conditions compare; set by format.c */
	enum field_several several;
	int64_t number; /* what the extractor prepared from arg: parameter or event number, ancestor, fd; -1 = none */
	facts_t reads; /* facts that the value depends on */
};

/* A field that comes of elsewhere (plugins). Lives as long as its catalogue. */
struct foreign_field {
	const char *name, *class, *help;
	enum param_type type;
	enum print_format format;
	unsigned int flags; /* FIELD_LIST, FIELD_ARG_*: an argument is a number, or with FIELD_ARG_KEY a text */
	void *context;
	uint32_t id; /* context and id mean something to extract */
	enum presence (*extract)(const struct foreign_field *f, const struct field_ref *ref, struct field_context *ctx,
				 struct values *ret_values);
};

struct foreign_catalogue;
/* Borrows list. -ENOMEM. */
int foreign_catalogue_new(const struct foreign_field *list, size_t n, struct foreign_catalogue **ret_catalogue);
void foreign_catalogue_free(struct foreign_catalogue *c); /* accepts NULL */
const struct field_info *foreign_by_index(const struct foreign_catalogue *c, size_t i); /* NULL past the end */

struct field_options {
	bool generic; /* of the fields here, only those that any event source has: evt_all */
	const struct foreign_catalogue *const *foreign;
	size_t nforeign;
	bool container_plugin; /* container.* and k8s.* exist */
	bool extensions; /* FIELD_OURS exist: a file for Falco means the same without them */
	/* names of asynchronous events of plugins, which evt.type has beside those of the tables */
	const struct str *async_events;
	size_t nasync;
	const struct str *static_names; /* static.NAME fields, of the configuration */
	size_t nstatic;
};

/*
 * Finds the longest field name at the start of text, with its argument. *ret_used is how much of text it
 * took. -ENOENT no such field; -EINVAL argument missing, not allowed or malformed. ret_ref->text borrows from
 * text.
 */
int field_lookup(struct str text, const struct field_options *options, struct field_ref *ret_ref, size_t *ret_used,
		 struct error *err);
/* Whether there is a field of exactly this name. */
bool field_exists(struct str name, const struct field_options *options);
/* The nearest known name, for "did you mean"; empty when none is near. */
struct str field_nearest(struct str name);

/*
 * Why a known name is no field with some options, as the words behind "it"; NULL when the name is not known
 * at all. Static.
 */
const char *field_barred(struct str name, const struct field_options *options);

const struct field_info *field_by_index(size_t i); /* NULL past the end: walks the catalogue in order */
struct str field_name(const struct field_info *f);
unsigned int field_flags(const struct field_info *f);
enum param_type field_type(const struct field_info *f); /* evt.rawarg's is its parameter's */
facts_t field_reads(const struct field_info *f);
bool field_is_empty(const struct field_info *f); /* exists so that rules load; never has a value */
struct str field_help(const struct field_info *f);
struct str field_class(const struct field_info *f); /* evt, process, user … */

/* ---- extraction ---------------------------------------------------------------------------------------- */

/* Everything that an extraction may look at. One per pipeline, refilled for each event. */
/* What whoever made an event says of it. */
enum event_maker_text { EVENT_MAKER_NAME, EVENT_MAKER_INFO };

struct field_context {
	struct state *state;
	const struct event *ev;
	struct subject subject;
	struct arena *arena; /* reset per event by its owner: values borrow from it */
	/*
	 * of the arena: what fields that come of elsewhere said of ev; NULL = nothing yet. NULL with each
	 * reset
	 */
	struct foreign_told *told;
	/* where an extractor puts what is missing; NULL = nothing can be asked (any more): it is absent */
	struct needs *needs;
	const struct str *static_values; /* parallel to field_options.static_names */
	uint64_t first_ts, previous_ts; /* of the run; previous event */
	struct last_look {
		uint64_t number, ts, delta; /* event.number; of that event; what it came to */
	} looks[3]; /* at evt.deltatime and its kin, by conditions */
	struct str hostname;
	struct str source_name; /* "syscall" */
	/* of a provisional open: its end, when the evaluation is to find out what the rules would say to it */
	enum supposed_end { SUPPOSED_NOTHING, SUPPOSED_SUCCESS, SUPPOSED_FAILURE } supposed;
	struct str real_path; /* non-empty: second evaluation with it as fd.name (design: matched=realpath) */
	bool base64_buffers;
	/* Asks it, of ctx->ev; false: nobody knows. NULL = no events are made by others. */
	bool (*maker)(void *context, struct field_context *ctx, enum event_maker_text which, struct str *ret_text);
	void *maker_context;
	uint64_t counter; /* util.cnt */
	size_t shown_buffer; /* length of the last buffer that was printed: state_shown() */
	/*
	 * the alert that is made is held back by a limit: how many were with it, and since when (ns); 0 = it
	 * is not
	 */
	uint64_t held, held_since;
	/* set while an output is made: the field whose value has a type that outputs cannot show */
	struct str unshowable;
	struct strbuf scratch; /* extractors build text here before it goes to the arena; strbuf_free() at the end */
};

/*
 * The one way to a value. Gives UNKNOWN by itself when the event is provisional and the field reads a fact or
 * parameter that is not known yet, or when the state lacks something that the source can still tell (then a
 * need was added).
 */
enum presence field_extract(const struct field_ref *f, struct field_context *ctx, struct values *ret_values);

/* Asks for what texts of the event's parameters need: an output, once it is being made, asks for nothing. */
void field_ask_for_params(struct field_context *ctx);

/* One value as text, as %field prints it. */
void value_print(struct strbuf *out, const struct value *v, enum param_type type, enum print_format format);
/* As a JSON value of output_fields: number, boolean, string, array for lists, null when absent. */
void field_print_json(struct strbuf *out, const struct field_ref *f, enum presence presence,
		      const struct values *values);
/* As %field prints it: lists as (a,b), absent as <NA>. */
void field_print(struct strbuf *out, const struct field_ref *f, enum presence presence, const struct values *values);

#endif
