/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_PLUGINS_H
#define MONITOR_APP_PLUGINS_H

#include "app/config.h"
#include "app/options.h"
#include "app/pipeline.h"
#include "plugin/host.h"

/*
 * The plugins of the configuration, and what they add to what rules may use. As in Falco each event source
 * has a copy of the plugins that have to do with it, so that a plugin is only ever called by one thread; a
 * capture, which may have the events of all sources, is looked into by one copy. Zero-initialise.
 */
struct plugins {
	struct plugin **list; /* one of each, never started unless together: what there is */
	size_t count;
	struct plugin_wanted {
		struct str name; /* empty: whatever it calls itself */
		struct strbuf path;
		struct str init_config;
		char *open_params;
	} *wanted; /* parallel */
	size_t nwanted;
	bool together; /* one copy for all sources */
	unsigned int call_seconds; /* a call that lasts longer is told */
	struct plugin_set {
		struct str source;
		struct plugin **list; /* NULL where the source has no use for it; parallel to the above */
		const struct foreign_catalogue **catalogues;
	} *sets; /* system calls, then what engine options borrow as sources */
	size_t nsets;
	/* what engine options borrow */
	struct engine_source *sources;
	size_t nsources;
	struct engine_plugin *names;
	struct str *async_events;
	size_t nasync;
};

/* Which plugins: those of a configuration, then those of a command line. All of it outlives them. */
struct plugins_choice {
	const struct config *config; /* NULL = none */
	const struct options *options; /* NULL = none */
	enum option_id given; /* whose values are LIBRARY[:INIT_CONFIG] */
	bool together; /* the events will come of a capture */
};
int plugins_load(struct plugins *p, const struct plugins_choice *choice, struct error *err);
/* -ENOTSUP, naming one, when a library began threads as it was loaded: before a fork, which they do not survive. */
int plugins_check_threads(const struct plugins *p, struct error *err);
/* Adds their sources and fields; options borrow from p. -EEXIST: a field has the name of another one. */
int plugins_offer(struct plugins *p, struct engine_options *options, struct error *err);
/* The same again for options that were made anew, of those that plugins_offer() has filled. */
void plugins_repeat_offer(const struct engine_options *offered, struct engine_options *options);
/*
 * What another configuration has for the plugins of a host (NULL = none) that take a new init_config while
 * they work: whether it fits their schemas; and giving it to them, where one's refusal is told and leaves
 * that one as it was. While no thread is in them.
 */
int plugins_check_configs(struct plugin_host *h, const struct config *now, struct error *err);
void plugins_set_configs(struct plugin_host *h, const struct config *now);
bool plugins_take_config(const struct plugin_host *h, struct str name); /* whether h has it, and it does */
void plugins_free(struct plugins *p); /* after the hosts */

static inline void plugins_autofree(struct plugins *p)
{
	plugins_free(p);
}
#define auto_plugins __attribute__((cleanup(plugins_autofree)))

/*
 * The rules for events of plugins that a capture may have: none unless together. The loader has the rules. To
 * be freed in any case.
 */
int plugins_compile_others(const struct plugins *p, struct rule_loader *loader, struct pipeline_source **ret_others,
			   size_t *ret_n, struct error *err);
void plugins_free_others(struct pipeline_source *others, size_t n);

bool plugins_have_source(const struct plugins *p, struct str source);
/* Whether any has asynchronous events. */
bool plugins_send(const struct plugins *p);
/* -EINVAL, naming it, when a plugin has to do with none of the sources that there are. */
int plugins_check_used(const struct plugins *p, struct error *err);
/* Starts those that have to do with a source (empty: system calls; together: all). NULL when there are none. */
int plugins_start(const struct plugins *p, struct str source, struct state *state, bool live,
		  struct plugin_host **ret_host, struct error *err);
/* Whether one gives events of system calls: it has no id of its own. */
bool plugins_give_calls(const struct plugins *p);
/*
 * Opens the event source of that name (empty: system calls, see plugin_source_open()). Its plugins have been
 * started.
 */
int plugins_open(const struct plugins *p, struct str source, plugin_answers answers, struct source **ret_source,
		 struct error *err);

#endif
