/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "app/log.h"
#include "app/plugins.h"

static void log_plugin(const char *plugin, int severity, const char *text)
{
	static const enum log_level levels[] = {
		[SS_PLUGIN_LOG_SEV_FATAL] = LOG_LEVEL_ALERT,	 [SS_PLUGIN_LOG_SEV_CRITICAL] = LOG_LEVEL_CRITICAL,
		[SS_PLUGIN_LOG_SEV_ERROR] = LOG_LEVEL_ERROR,	 [SS_PLUGIN_LOG_SEV_WARNING] = LOG_LEVEL_WARNING,
		[SS_PLUGIN_LOG_SEV_NOTICE] = LOG_LEVEL_NOTICE,	 [SS_PLUGIN_LOG_SEV_INFO] = LOG_LEVEL_INFO,
		[SS_PLUGIN_LOG_SEV_DEBUG] = LOG_LEVEL_DEBUG,	 [SS_PLUGIN_LOG_SEV_TRACE] = LOG_LEVEL_TRACE,
	};
	bool known = severity >= SS_PLUGIN_LOG_SEV_FATAL && severity <= SS_PLUGIN_LOG_SEV_TRACE;

	log_libs(known ? levels[severity] : LOG_LEVEL_ERROR, "plugin %s: %.1024s", plugin, text);
}

static int load(const struct config_plugin *c, struct plugin **ret_plugin, struct error *err)
{
	struct plugin_config config = { .name = c->name, .init_config = c->init_config, .log = log_plugin };
	auto_strbuf struct strbuf path = { 0 };

	if (c->library_path.len && c->library_path.ptr[0] != '/')
		strbuf_adds(&path, PLUGINSDIR "/");
	strbuf_addstr(&path, c->library_path);
	return path.failed ? error_set(err, -ENOMEM, "out of memory") : plugin_load(path.ptr, &config, ret_plugin, err);
}

/* The copies of one source. */
static int fill_set(struct plugins *p, struct plugin_set *set, const struct config *config, struct error *err)
{
	int r = 0;

	set->list = calloc(p->count, sizeof(*set->list));
	set->catalogues = calloc(p->count, sizeof(*set->catalogues));
	if (!set->list || !set->catalogues)
		return error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < p->count && r == 0; i++) {
		if (!plugin_suits(p->list[i], set->source))
			continue;
		if (p->together)
			set->list[i] = p->list[i];
		else
			r = load(&config->load[i], &set->list[i], err);
	}
	return r;
}

static bool has_set(const struct plugins *p, struct str source)
{
	for (size_t i = 0; i < p->nsets; i++)
		if (str_eq(p->sets[i].source, source))
			return true;
	return false;
}

static int add_sets(struct plugins *p, const struct config *config, struct error *err)
{
	int r;

	p->sets[p->nsets++].source = STR("syscall");
	r = fill_set(p, &p->sets[0], config, err);
	for (size_t i = 0; i < p->count && r == 0; i++) {
		struct plugin_view view;

		plugin_get(p->list[i], &view);
		if (!view.source.len || has_set(p, view.source))
			continue;
		p->sets[p->nsets++].source = view.source;
		r = fill_set(p, &p->sets[p->nsets - 1], config, err);
	}
	return r;
}

int plugins_load(struct plugins *p, const struct config *config, bool together, struct error *err)
{
	size_t n = config->nload;
	int r = 0;

	if (!n)
		return 0;
	p->together = together;
	p->list = calloc(n, sizeof(*p->list));
	p->open_params = calloc(n, sizeof(*p->open_params));
	p->sources = calloc(n, sizeof(*p->sources));
	p->names = calloc(n, sizeof(*p->names));
	p->sets = calloc(n + 1, sizeof(*p->sets));
	if (!p->list || !p->open_params || !p->sources || !p->names || !p->sets)
		return error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n && r == 0; i++) {
		p->open_params[i] = str_dup(config->load[i].open_params);
		r = p->open_params[i] ? load(&config->load[i], &p->list[i], err) : error_set(err, -ENOMEM, "out of memory");
		p->count++;
	}
	return r == 0 ? add_sets(p, config, err) : r;
}

/* The fields of all plugins that have values for a source. */
static int add_fields(const struct plugins *p, struct plugin_set *set, struct field_options *fields, struct error *err)
{
	fields->foreign = set->catalogues;
	for (size_t i = 0; i < p->count; i++) {
		struct plugin_view view;
		struct str name;

		if (!set->list[i] || !plugin_extracts_from(set->list[i], set->source))
			continue;
		plugin_get(set->list[i], &view);
		for (size_t k = 0; (name = plugin_field(set->list[i], k)).len; k++)
			if (field_exists(name, fields))
				return error_set(err, -EEXIST,
						 "plugin " STR_FMT ": its field " STR_FMT " is another one's already for the event source " STR_FMT,
						 STR_ARG(view.name), STR_ARG(name), STR_ARG(set->source));
		set->catalogues[fields->nforeign++] = view.fields;
	}
	return 0;
}

int plugins_offer(struct plugins *p, struct engine_options *options, struct error *err)
{
	int r = 0;

	struct field_options generic = options->fields;

	generic.generic = true;
	generic.container_plugin = false;
	for (size_t i = 1; i < p->nsets && r == 0; i++) {
		struct engine_source *s = &p->sources[p->nsources++];

		*s = (struct engine_source){ .name = p->sets[i].source, .fields = generic };
		r = add_fields(p, &p->sets[i], &s->fields, err);
	}
	for (size_t i = 0; i < p->count; i++) {
		struct plugin_view view;

		plugin_get(p->list[i], &view);
		p->names[i] = (struct engine_plugin){ view.name, view.version };
	}
	if (p->nsets && r == 0)
		r = add_fields(p, &p->sets[0], &options->fields, err);
	options->sources = p->sources;
	options->nsources = p->nsources;
	options->plugins = p->names;
	options->nplugins = p->count;
	return r;
}

bool plugins_have_source(const struct plugins *p, struct str source)
{
	for (size_t i = 0; i < p->nsources; i++)
		if (str_eq(p->sources[i].name, source))
			return true;
	return false;
}

int plugins_check_used(const struct plugins *p, struct error *err)
{
	for (size_t i = 0; i < p->count; i++) {
		struct plugin_view view;
		bool used = false;

		for (size_t k = 0; k < p->nsets; k++)
			used = used || p->sets[k].list[i];
		plugin_get(p->list[i], &view);
		if (!used)
			return error_set(err, -EINVAL, "plugin " STR_FMT ": none of the event sources that there are is one that it works on",
					 STR_ARG(view.name));
	}
	return 0;
}

static const struct plugin_set *find_set(const struct plugins *p, struct str source)
{
	for (size_t i = 0; i < p->nsets; i++)
		if (str_eq(p->sets[i].source, source.len ? source : STR("syscall")))
			return &p->sets[i];
	return NULL;
}

int plugins_start(const struct plugins *p, struct str source, struct state *state, bool live, struct plugin_host **ret_host,
		  struct error *err)
{
	auto_plugin_host struct plugin_host *h = NULL;
	const struct plugin_set *set = find_set(p, source);
	int r;

	*ret_host = NULL;
	if (!set)
		return 0;
	r = plugin_host_new(&(struct plugin_host_options){ .state = state, .source = source, .live = live }, &h, err);
	for (size_t i = 0; i < p->count && r == 0; i++) {
		struct plugin *plugin = p->together ? p->list[i] : set->list[i];

		r = plugin ? plugin_host_add(h, plugin, err) : 0;
	}
	if (r == 0 && plugin_host_count(h))
		*ret_host = take_ptr(h);
	return r;
}

int plugins_open(const struct plugins *p, struct str source, struct source **ret_source, struct error *err)
{
	const struct plugin_set *set = find_set(p, source);

	for (size_t i = 0; set && i < p->count; i++) {
		struct plugin_view view;

		if (!set->list[i])
			continue;
		plugin_get(set->list[i], &view);
		if (view.capabilities & PLUGIN_SOURCE && str_eq(view.source, str_eq(set->source, STR("syscall")) ? STR("") : set->source))
			return plugin_source_open(set->list[i], p->open_params[i], ret_source, err);
	}
	return error_set(err, -ENOENT, "no plugin gives events of the source " STR_FMT, STR_ARG(source));
}

void plugins_free(struct plugins *p)
{
	for (size_t k = 0; k < p->nsets; k++) {
		for (size_t i = 0; p->sets[k].list && i < p->count && !p->together; i++)
			plugin_free(p->sets[k].list[i]);
		free(p->sets[k].list);
		free(p->sets[k].catalogues);
	}
	for (size_t i = 0; i < p->count; i++) {
		plugin_free(p->list[i]);
		free(p->open_params[i]);
	}
	free(p->list);
	free(p->open_params);
	free(p->sources);
	free(p->names);
	free(p->sets);
	*p = (struct plugins){ 0 };
}
