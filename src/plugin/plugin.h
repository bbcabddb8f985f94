/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_PLUGIN_PLUGIN_H
#define MONITOR_PLUGIN_PLUGIN_H

#include "field/field.h"
#include "plugin/plugin_api.h"
#include "source/source.h"

/*
 * A loaded plugin. It runs in this process: what it returns is checked, what it writes elsewhere or how long
 * it takes cannot be. Every error names it. Everything that it hands out is copied before it is used any
 * further.
 */
struct plugin;

enum plugin_capability {
	PLUGIN_SOURCE = 1 << 0,
	PLUGIN_EXTRACT = 1 << 1,
	PLUGIN_PARSE = 1 << 2,
	PLUGIN_ASYNC = 1 << 3,
	PLUGIN_LISTEN = 1 << 4,
};

struct plugin_config {
	struct str name; /* as the configuration calls it; must be the plugin's own */
	struct str init_config;
	/* Gets what the plugin logs, from whichever thread; severity: ss_plugin_log_severity. NULL = nobody listens. */
	void (*log)(const char *plugin, int severity, const char *text);
};

/* Opens the library and asks what it can do. plugin_host_add() starts it. */
int plugin_load(const char *path, const struct plugin_config *config, struct plugin **ret_plugin, struct error *err);
/* The same for a table that is there already: plugins that are linked in, and tests. */
int plugin_load_api(const plugin_api *api, const struct plugin_config *config, struct plugin **ret_plugin,
		    struct error *err);
void plugin_free(struct plugin *p); /* after all that uses its fields and events; accepts NULL */
DEFINE_AUTO(struct plugin, plugin, plugin_free);
#define auto_plugin AUTO(plugin)

struct plugin_view {
	struct str name, version, description, contact;
	unsigned int capabilities; /* enum plugin_capability */
	uint32_t id; /* of its event source; 0 = none of its own */
	struct str source; /* name of that */
	const struct foreign_catalogue *fields; /* NULL without extraction */
};
void plugin_get(const struct plugin *p, struct plugin_view *ret_view);

/* The name of its field i; empty past the end. */
struct str plugin_field(const struct plugin *p, size_t i);
/* The name of its asynchronous event i; empty past the end. */
struct str plugin_async_event(const struct plugin *p, size_t i);
/* Whether its fields have values for events of this source. */
bool plugin_extracts_from(const struct plugin *p, struct str source);

/*
 * Whether its host has a use for it where the events are of this source: it has them, or extracts, parses or
 * adds to them.
 */
bool plugin_suits(const struct plugin *p, struct str source);

/* What it suggests to be opened with; after its start. 0 also when it suggests nothing. */
int plugin_open_params(struct plugin *p, void (*each)(void *context, struct str value, struct str description),
		       void *context, struct error *err);
/* The JSON schema of its configuration; NULL = none. */
const char *plugin_schema(const struct plugin *p);
/* Whether its configuration may change while it works: plugin_host_set_config(). */
bool plugin_takes_config(const struct plugin *p);

/* Answers needs as source_ops.fetch() does, from this machine. */
typedef int (*plugin_answers)(const struct needs *needs, source_sink sink, void *context, struct error *err);

/*
 * Opens its event source. The plugin has been started and outlives it. Events whose time the plugin leaves
 * open get the clock's. answers: for a plugin without an id, whose events are system calls of this machine;
 * NULL = there is nobody to ask.
 */
int plugin_source_open(struct plugin *p, const char *params, plugin_answers answers, struct source **ret_source,
		       struct error *err);

#endif
