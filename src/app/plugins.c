/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "app/log.h"
#include "app/plugins.h"

static void log_plugin(const char *plugin, int severity, const char *text)
{
	if (severity <= SS_PLUGIN_LOG_SEV_ERROR)
		log_error("plugin %s: %.1024s", plugin, text);
	else if (severity <= SS_PLUGIN_LOG_SEV_NOTICE)
		log_warning("plugin %s: %.1024s", plugin, text);
	else if (severity == SS_PLUGIN_LOG_SEV_INFO)
		log_info("plugin %s: %.1024s", plugin, text);
}

static int load_one(struct plugins *p, const struct config_plugin *c, struct error *err)
{
	struct plugin_config config = { .name = c->name, .init_config = c->init_config, .log = log_plugin };
	auto_strbuf struct strbuf path = { 0 };
	int r;

	if (c->library_path.len && c->library_path.ptr[0] != '/')
		strbuf_adds(&path, PLUGINSDIR "/");
	strbuf_addstr(&path, c->library_path);
	p->open_params[p->count] = str_dup(c->open_params);
	if (path.failed || !p->open_params[p->count])
		return error_set(err, -ENOMEM, "out of memory");
	r = plugin_load(path.ptr, &config, &p->list[p->count], err);
	if (r < 0) {
		free(p->open_params[p->count]);
		return r;
	}
	p->count++;
	return 0;
}

int plugins_load(struct plugins *p, const struct config *config, struct error *err)
{
	size_t n = config->nload;
	int r = 0;

	if (!n)
		return 0;
	p->list = calloc(n, sizeof(*p->list));
	p->open_params = calloc(n, sizeof(*p->open_params));
	p->sources = calloc(n, sizeof(*p->sources));
	p->names = calloc(n, sizeof(*p->names));
	p->catalogues = calloc(n * (n + 1), sizeof(*p->catalogues)); /* a row for each source, one for system calls */
	if (!p->list || !p->open_params || !p->sources || !p->names || !p->catalogues)
		return error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n && r == 0; i++)
		r = load_one(p, &config->load[i], err);
	return r;
}

/* The fields of all plugins that have values for a source. */
static void add_fields(struct plugins *p, size_t row, struct str source, struct field_options *fields)
{
	const struct foreign_catalogue **list = p->catalogues + row * p->count;

	fields->foreign = list;
	for (size_t i = 0; i < p->count; i++) {
		struct plugin_view view;

		plugin_get(p->list[i], &view);
		if (plugin_extracts_from(p->list[i], source))
			list[fields->nforeign++] = view.fields;
	}
}

int plugins_offer(struct plugins *p, struct engine_options *options)
{
	struct field_options generic = options->fields;

	generic.generic = true;
	generic.container_plugin = false;
	for (size_t i = 0; i < p->count; i++) {
		struct engine_source *s = &p->sources[p->nsources];
		struct plugin_view view;

		plugin_get(p->list[i], &view);
		p->names[i] = (struct engine_plugin){ view.name, view.version };
		if (!view.source.len)
			continue;
		*s = (struct engine_source){ .name = view.source, .fields = generic };
		add_fields(p, p->nsources++, view.source, &s->fields);
	}
	if (p->count)
		add_fields(p, p->count, STR("syscall"), &options->fields);
	options->sources = p->sources;
	options->nsources = p->nsources;
	options->plugins = p->names;
	options->nplugins = p->count;
	return 0;
}

bool plugins_have_source(const struct plugins *p, struct str source)
{
	for (size_t i = 0; i < p->nsources; i++)
		if (str_eq(p->sources[i].name, source))
			return true;
	return false;
}

int plugins_open(const struct plugins *p, struct str source, struct source **ret_source, struct error *err)
{
	for (size_t i = 0; i < p->count; i++) {
		struct plugin_view view;

		plugin_get(p->list[i], &view);
		if (str_eq(view.source, source))
			return plugin_source_open(p->list[i], p->open_params[i], ret_source, err);
	}
	return error_set(err, -ENOENT, "no plugin gives events of the source " STR_FMT, STR_ARG(source));
}

void plugins_free(struct plugins *p)
{
	for (size_t i = 0; i < p->count; i++) {
		plugin_free(p->list[i]);
		free(p->open_params[i]);
	}
	free(p->list);
	free(p->open_params);
	free(p->sources);
	free(p->names);
	free(p->catalogues);
	*p = (struct plugins){ 0 };
}
