/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_APP_PLUGINS_H
#define MONITOR_APP_PLUGINS_H

#include "app/config.h"
#include "plugin/plugin.h"

/* The plugins of the configuration, and what they add to what rules may use. Zero-initialise. */
struct plugins {
	struct plugin **list;
	char **open_params; /* parallel */
	size_t count;
	/* what engine options borrow */
	struct engine_source *sources;
	size_t nsources;
	struct engine_plugin *names;
	const struct foreign_catalogue **catalogues;
};

int plugins_load(struct plugins *p, const struct config *config, struct error *err);
/* Adds their sources and fields; options borrow from p. -ENOMEM. */
int plugins_offer(struct plugins *p, struct engine_options *options);
void plugins_free(struct plugins *p);

static inline void plugins_autofree(struct plugins *p)
{
	plugins_free(p);
}
#define auto_plugins __attribute__((cleanup(plugins_autofree)))

bool plugins_have_source(const struct plugins *p, struct str source);
/* Opens the event source of that name. */
int plugins_open(const struct plugins *p, struct str source, struct source **ret_source, struct error *err);

#endif
