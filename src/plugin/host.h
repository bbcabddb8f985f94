/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_PLUGIN_HOST_H
#define MONITOR_PLUGIN_HOST_H

#include "plugin/plugin.h"

/*
 * The plugins of one pipeline: what they share (the state's tables and each other's), and their part in its
 * events. All of it belongs to the pipeline's thread; only asynchronous events and logs come from others.
 */
struct plugin_host;

struct plugin_host_options {
	struct state *state; /* borrowed; outlives the host */
	struct str source; /* name of the event source */
	/*
	 * events happen now: asynchronous ones are taken. A capture has those of its own time, and may have
	 * several sources
	 */
	bool live;
};

/* *options is copied, but for the state. *ret_host is the caller's; plugins are added to it one by one. */
int plugin_host_new(const struct plugin_host_options *options, struct plugin_host **ret_host, struct error *err);
/*
 * Ends its plugins' work, the last added first; another host may start them anew. After their sources were
 * closed. Accepts NULL.
 */
void plugin_host_free(struct plugin_host *h);
DEFINE_AUTO(struct plugin_host, plugin_host, plugin_host_free);
#define auto_plugin_host AUTO(plugin_host)

/*
 * Calls the plugins' init(), in their order, but for one that fails over a table that there is not: it is
 * asked again behind the others, who may provide it. Those that are NULL are passed over. Borrows them; in a
 * failure some have been started.
 */
int plugin_host_add_all(struct plugin_host *h, struct plugin *const *list, size_t n, struct error *err);
int plugin_host_add(struct plugin_host *h, struct plugin *p, struct error *err);

/* Tells the plugins that events begin, and takes their own from now on; and the end of both. */
int plugin_host_open(struct plugin_host *h, struct error *err);
void plugin_host_close(struct plugin_host *h);

/* Whether any plugin parses events of this type. */
bool plugin_host_parses(const struct plugin_host *h, uint16_t type);
/* Lets them see an event before any field is extracted: the state's tables may be others afterwards. */
void plugin_host_parse(struct plugin_host *h, const struct event *ev, struct str source);

/*
 * The next asynchronous event that is not later than ts (UINT64_MAX: any that is there): 1 and an event that
 * lives until the next call; 0 = none. They come by their times; those without one get ts, or now.
 */
int plugin_host_next(struct plugin_host *h, uint64_t ts, struct event *ret_event);

/* What a plugin says of an event that it has made: field_context.maker, whose context is a host. */
bool plugin_host_text(void *host, struct field_context *ctx, enum event_maker_text which, struct str *ret_text);

/*
 * Has the plugins tell their state as asynchronous events, for the head of a capture; those without a time
 * get ts. What is wrong with an event is told to its plugin; negative when to() failed or a plugin did.
 */
int plugin_host_dump(struct plugin_host *h, uint64_t ts,
		     int (*to)(void *context, const struct event *ev, struct error *err), void *context,
		     struct error *err);

/*
 * Another configuration of the plugin of that name, if there is one that takes it and for which it is news:
 * against its schema, and to it (1 = it has it now). By the pipeline's thread.
 */
int plugin_host_check_config(struct plugin_host *h, struct str name, struct str config, struct error *err);
int plugin_host_set_config(struct plugin_host *h, struct str name, struct str config, struct error *err);

struct plugin_host_stats {
	uint64_t async_events, async_dropped; /* taken; refused, above all since too many waited */
	uint64_t parse_failures;
};
/* By the pipeline's thread. */
void plugin_host_stats(const struct plugin_host *h, struct plugin_host_stats *ret_stats);

/* A figure of a plugin's own. */
struct plugin_metric {
	const char *name; /* PLUGIN.METRIC, in bytes of the plugin's choice */
	const char *value; /* a number as JSON spells it */
	bool counter; /* it only grows */
	bool zero;
};
/* Asks the plugins for their figures; by the pipeline's thread. */
void plugin_host_measure(struct plugin_host *h);
/* Hands out the figures of the last time, which live until each() returns. By any thread. */
void plugin_host_metrics(struct plugin_host *h, void (*each)(void *context, const struct plugin_metric *m),
			 void *context);

size_t plugin_host_count(const struct plugin_host *h);
struct plugin *plugin_host_plugin(const struct plugin_host *h, size_t i);

#endif
