/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MONITOR_PLUGIN_INTERNAL_H
#define MONITOR_PLUGIN_INTERNAL_H

#include "base/arena.h"
#include "plugin/plugin.h"

/* What the files of this layer share. */
struct plugin {
	void *library; /* NULL: linked in */
	plugin_api api;
	ss_plugin_t *state;
	struct arena *arena; /* copies of what it said of itself */
	void (*log)(const char *plugin, int severity, const char *text);
	struct plugin_view view;
	struct str *extract_sources; /* none: its own, or all when it has none */
	size_t nextract_sources;
	struct foreign_field *fields;
	size_t nfields;
	struct foreign_catalogue *catalogue;
};

/* plugin_json.c: what plugins say in JSON, checked and copied to their arena. */
int plugin_read_fields(struct plugin *p, const char *json, struct error *err);
int plugin_read_names(struct plugin *p, const char *json, const char *what, struct str **ret_names, size_t *ret_n, struct error *err);
bool plugin_is_json(struct str text);

/* plugin_field.c */
enum presence plugin_extract(const struct foreign_field *f, const struct field_ref *ref, struct field_context *ctx,
			     struct values *ret_values);

/* "plugin NAME: what: its own words"; returns code. */
int plugin_error(struct plugin *p, int code, const char *what, struct error *err);

#endif
