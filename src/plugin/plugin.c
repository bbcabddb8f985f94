/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>

#include "base/parse.h"
#include "plugin/internal.h"

/* What every file here asks of a plugin. */

int plugin_error(struct plugin *p, int code, const char *what, struct error *err)
{
	const char *said = p->api.get_last_error && p->state ? p->api.get_last_error(p->state) : NULL;

	return error_set(err, code, "plugin " STR_FMT ": %s%s%.*s", STR_ARG(p->view.name), what,
			 said && *said ? ": " : "", PLUGIN_MAX_ERRLEN, said ? said : "");
}

void plugin_tell_owner_error(struct plugin *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->owner_error, sizeof(p->owner_error), format, args);
	va_end(args);
}

const char *plugin_owner_error(ss_plugin_owner_t *owner)
{
	const struct plugin *p = owner;

	return p && p->owner_error[0] ? p->owner_error : NULL;
}

/* ---- what it is about ---- */

/* A plugin with events of its own is about them in any case; one without, and without a list, about all there are. */
bool plugin_takes_source(const struct plugin *p, const struct names *sources, struct str source)
{
	if (p->view.source.len ? str_eq(p->view.source, source) : !sources->n)
		return true;
	for (size_t i = 0; i < sources->n; i++)
		if (str_eq(sources->list[i], source))
			return true;
	return false;
}

struct str plugin_field(const struct plugin *p, size_t i)
{
	return str_of(i < p->nfields ? p->fields[i].name : "");
}

struct str plugin_async_event(const struct plugin *p, size_t i)
{
	return i < p->async_events.n ? p->async_events.list[i] : STR("");
}

bool plugin_extracts_from(const struct plugin *p, struct str source)
{
	return p->view.capabilities & PLUGIN_EXTRACT && plugin_takes_source(p, &p->extract_sources, source);
}

bool plugin_suits(const struct plugin *p, struct str source)
{
	unsigned int caps = p->view.capabilities;

	if (caps & PLUGIN_SOURCE && str_eq(p->view.source.len ? p->view.source : STR("syscall"), source))
		return true;
	return plugin_extracts_from(p, source) ||
	       (caps & PLUGIN_PARSE && plugin_takes_source(p, &p->parse_sources, source)) ||
	       (caps & PLUGIN_ASYNC && plugin_takes_source(p, &p->async_sources, source)) ||
	       (caps & PLUGIN_LISTEN && !(caps & ~(unsigned int)PLUGIN_LISTEN));
}

void plugin_get(const struct plugin *p, struct plugin_view *ret_view)
{
	*ret_view = p->view;
}
