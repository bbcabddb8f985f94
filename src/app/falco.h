/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_FALCO_H
#define MONITOR_APP_FALCO_H

#include <pthread.h>
#include <stdatomic.h>

#include "app/config.h"
#include "app/options.h"
#include "app/plugins.h"
#include "app/sandbox.h"
#include "app/session.h"

struct limits;

/* The Falco that this program stands in for: what scripts and falcoctl ask for. */
#define FALCO_VERSION	     "0.44.1"
#define FALCO_ENGINE	     "62"
#define FALCO_ENGINE_SEMVER  "0.62.0"

/* The parts of `monitor falco`; each returns the exit status. */

/* What --version says as JSON, without a line end; as --support and the web server give it. */
void falco_version_json(struct strbuf *out);
/* What --version says; JSON with json_output. */
int falco_version(bool json);
/* -V: each file's findings on standard output. */
int falco_validate(const struct config *config, const struct options *o, const struct engine_options *engine);
/* -L and -l. */
int falco_describe(const struct config *config, const struct options *o, const struct engine_options *engine);
/* What -L (rule NULL) and -l print of rules that are loaded, all of which are good. JSON without a line end. */
int falco_describe_loaded(struct strbuf *out, struct rule_loader *loader, const char *rule, bool json, struct error *err);
/* --support; command_line is argv. */
int falco_support(const struct config *config, const struct options *o, const struct engine_options *engine, char **command_line);
/* --list-plugins, and --plugin-info when plugin is not NULL. */
int falco_plugins(const struct config *config, const struct plugins *plugins, const char *plugin);
/* The event sources that are watched: names of plugins' sources, or empty for system calls or a capture. At least one. */
struct falco_sources {
	struct str *list;
	size_t n;
};
/* Rules over a capture or over what happens, to the configured outputs. Takes programs over. */
int falco_replay(const struct config *config, const struct options *o, const struct plugins *plugins,
		 const struct engine_options *engine, const struct falco_sources *sources, struct program_starter *programs);

/* Event sources beside the first, each with a thread of its own (falco_peers.c). Zero-initialise. */
struct falco_peers {
	struct falco_peer *list;
	struct session **sessions; /* for session.peers */
	size_t n;
	bool measures; /* their plugins' figures are wanted */
	_Atomic bool stop;
	/* While their rules and outputs change, each waits between two of its events. */
	_Atomic bool pause;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t go;
	size_t waiting;
};
/* All borrowed, config for as long as the peers are there. */
struct falco_peers_options {
	const struct config *config;
	struct session *main; /* has the outputs */
	const struct plugins *plugins;
	struct rule_loader *loader; /* their rules come of it */
	const struct field_options *fields;
	const struct pipeline_options *settings;
};
/* Opens sources[1..]. */
int falco_peers_open(struct falco_peers *p, const struct falco_sources *sources, const struct falco_peers_options *o, struct error *err);
int falco_peers_start(struct falco_peers *p, const struct config *config, struct error *err);
/* Whether any is at work. Negative as soon as one has failed. */
int falco_peers_running(struct falco_peers *p, struct error *err);
/* Asks all to wait; true when none is at work, so that this thread may change what is theirs, until they may go on. */
bool falco_peers_gather(struct falco_peers *p);
void falco_peers_release(struct falco_peers *p);
void falco_peers_stop(struct falco_peers *p); /* and waits for their ends */
void falco_peers_free(struct falco_peers *p);

/* What the monitor itself may do. */
enum sandbox_use falco_sandbox(const struct config *config);

/* The log as configuration and flags have it. */
void falco_log(const struct config *config, const struct options *o);

/* The rules that -r or the configuration names, read; */
int falco_read_rules(struct rules_input *in, const struct config *config, const struct options *o, struct error *err);
/* and compiled; what is found goes to the log. */
int falco_load_rules(struct session *s, const struct config *config, const struct options *o, const struct engine_options *engine,
		     struct error *err);

#endif
