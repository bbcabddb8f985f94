/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>

#include "app/log.h"
#include "app/plugins.h"
#include "base/limits.h"

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

/* ---- which ones ---------------------------------------------------------------------------------------- */

static int add_config(struct plugins *p, const struct config_plugin *c)
{
	struct plugin_wanted *w = &p->wanted[p->nwanted++];
	bool relative = c->library_path.len && c->library_path.ptr[0] != '/';

	w->name = c->name;
	strbuf_addf(&w->path, "%s" STR_FMT, relative ? PLUGINSDIR "/" : "", STR_ARG(c->library_path));
	w->init_config = c->init_config;
	w->open_params = str_dup(c->open_params);
	return w->path.failed || !w->open_params ? -ENOMEM : 0;
}

/*
 * LIBRARY[:INIT_CONFIG]. A name without a slash is one in the folder of plugins, short of "lib" and ".so" if
 * one likes.
 */
static int add_given(struct plugins *p, const char *text)
{
	struct plugin_wanted *w = &p->wanted[p->nwanted++];
	size_t len = strcspn(text, ":");
	struct str library = { text, len };
	bool path = memchr(text, '/', len), whole = path || str_ends(library, STR(".so"));

	strbuf_addf(&w->path, whole ? "%s" STR_FMT : "%slib" STR_FMT ".so", path ? "" : PLUGINSDIR "/",
		    STR_ARG(library));
	w->init_config = str_of(text[len] ? text + len + 1 : "");
	w->open_params = str_dup(STR(""));
	return w->path.failed || !w->open_params ? -ENOMEM : 0;
}

static int collect_wanted(struct plugins *p, const struct plugins_choice *c, struct error *err)
{
	size_t given = 0, configured = c->config ? c->config->nload : 0;
	int r = 0;

	while (c->options && options_nth(c->options, c->given, given))
		given++;
	if (!given && !configured)
		return 0;
	p->wanted = calloc(configured + given, sizeof(*p->wanted));
	if (!p->wanted)
		return error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < configured && r == 0; i++)
		r = add_config(p, &c->config->load[i]);
	for (size_t i = 0; i < given && r == 0; i++)
		r = add_given(p, options_nth(c->options, c->given, i));
	return r < 0 ? error_set(err, r, "out of memory") : 0;
}

static int load(const struct plugin_wanted *w, struct plugin **ret_plugin, struct error *err)
{
	const struct plugin_config config = { .name = w->name, .init_config = w->init_config, .log = log_plugin };

	return plugin_load(w->path.ptr, &config, ret_plugin, err);
}

/* ---- loading ------------------------------------------------------------------------------------------- */

/* The copies of one source. */
static int fill_set(struct plugins *p, struct plugin_set *set, struct error *err)
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
			r = load(&p->wanted[i], &set->list[i], err);
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

static int add_sets(struct plugins *p, struct error *err)
{
	int r;

	p->sets[p->nsets++].source = STR("syscall");
	r = fill_set(p, &p->sets[0], err);
	for (size_t i = 0; i < p->count && r == 0; i++) {
		struct plugin_view view;

		plugin_get(p->list[i], &view);
		if (!view.source.len || has_set(p, view.source))
			continue;
		p->sets[p->nsets++].source = view.source;
		r = fill_set(p, &p->sets[p->nsets - 1], err);
	}
	return r;
}

/*
 * Two of one name could not be told apart by the rules' requirements, nor by their figures; two of one id not
 * by events.
 */
static int check_twice(const struct plugins *p, struct error *err)
{
	struct plugin_view one, other;

	plugin_get(p->list[p->count - 1], &one);
	for (size_t i = 0; i + 1 < p->count; i++) {
		plugin_get(p->list[i], &other);
		if (str_eq(one.name, other.name))
			return error_set(err, -EEXIST, "plugin " STR_FMT ": it is loaded twice", STR_ARG(one.name));
		if (one.id && one.id == other.id)
			return error_set(err, -EEXIST, "plugin " STR_FMT ": its id %u is that of the plugin " STR_FMT,
					 STR_ARG(one.name), one.id, STR_ARG(other.name));
	}
	return 0;
}

int plugins_load(struct plugins *p, const struct plugins_choice *choice, struct error *err)
{
	int r = collect_wanted(p, choice, err);
	size_t n = p->nwanted;

	if (r < 0 || !n)
		return r;
	p->together = choice->together;
	p->call_seconds = choice->config ? (unsigned int)choice->config->monitor_plugin_call_seconds : PLUGIN_CALL_S;
	p->list = calloc(n, sizeof(*p->list));
	p->sources = calloc(n, sizeof(*p->sources));
	p->names = calloc(n, sizeof(*p->names));
	p->sets = calloc(n + 1, sizeof(*p->sets));
	if (!p->list || !p->sources || !p->names || !p->sets)
		return error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n && r == 0; i++) {
		r = load(&p->wanted[i], &p->list[i], err);
		if (r < 0)
			return r;
		p->count++;
		r = check_twice(p, err);
	}
	return r == 0 ? add_sets(p, err) : r;
}

static size_t count_threads(void)
{
	DIR *dir = opendir("/proc/self/task");
	size_t n = 0;

	if (!dir)
		return 1;
	for (const struct dirent *e; (e = readdir(dir));)
		n += e->d_name[0] != '.';
	closedir(dir);
	return n;
}

int plugins_check_threads(const struct plugins *p, struct error *err)
{
	auto_strbuf struct strbuf names = { 0 };

	if (!p->count || count_threads() < 2)
		return 0;
	for (size_t i = 0; i < p->count; i++) {
		struct plugin_view view;

		plugin_get(p->list[i], &view);
		strbuf_addf(&names, "%s" STR_FMT, i ? ", " : "", STR_ARG(view.name));
	}
	return error_set(
		err, -ENOTSUP,
		"a library of these plugins begins threads as soon as it is loaded, as Go's do, and run has to fork: %s; "
		"monitor falco takes it",
		names.ptr ? names.ptr : "");
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
						 "plugin " STR_FMT ": its field " STR_FMT
						 " is another one's already for the event source " STR_FMT,
						 STR_ARG(view.name), STR_ARG(name), STR_ARG(set->source));
		set->catalogues[fields->nforeign++] = view.fields;
	}
	return 0;
}

/* Of all plugins: which of them a source has, its events tell. */
static int collect_async(struct plugins *p, struct error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++)
		for (size_t k = 0; plugin_async_event(p->list[i], k).len; k++)
			n++;
	p->async_events = calloc(n + 1, sizeof(*p->async_events));
	if (!p->async_events)
		return error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < p->count; i++)
		for (size_t k = 0; plugin_async_event(p->list[i], k).len; k++)
			p->async_events[p->nasync++] = plugin_async_event(p->list[i], k);
	return 0;
}

int plugins_offer(struct plugins *p, struct engine_options *options, struct error *err)
{
	int r = collect_async(p, err);
	const struct str *async = p->async_events;
	struct field_options generic;

	options->fields.async_events = p->async_events;
	options->fields.nasync = p->nasync;
	generic = options->fields;
	generic.generic = true;
	generic.container_plugin = false;
	for (size_t i = 1; i < p->nsets && r == 0; i++) {
		struct engine_source *s = &p->sources[p->nsources++];

		*s = (struct engine_source){ .name = p->sets[i].source, .fields = generic };
		r = add_fields(p, &p->sets[i], &s->fields, err);
	}
	for (size_t i = 0; i < p->count && r == 0; i++) {
		struct engine_plugin *one = &p->names[i];
		struct plugin_view view;

		plugin_get(p->list[i], &view);
		*one = (struct engine_plugin){ view.name, view.version, view.source, view.fields, async, 0 };
		while (plugin_async_event(p->list[i], one->nasync).len)
			one->nasync++;
		async += one->nasync;
	}
	if (p->nsets && r == 0)
		r = add_fields(p, &p->sets[0], &options->fields, err);
	options->sources = p->sources;
	options->nsources = p->nsources;
	options->plugins = p->names;
	options->nplugins = p->count;
	return r;
}

void plugins_repeat_offer(const struct engine_options *offered, struct engine_options *options)
{
	options->sources = offered->sources;
	options->nsources = offered->nsources;
	options->plugins = offered->plugins;
	options->nplugins = offered->nplugins;
	options->fields.foreign = offered->fields.foreign;
	options->fields.nforeign = offered->fields.nforeign;
	options->fields.async_events = offered->fields.async_events;
	options->fields.nasync = offered->fields.nasync;
}

int plugins_check_configs(struct plugin_host *h, const struct config *now, struct error *err)
{
	int r = 0;

	for (size_t i = 0; h && now && i < now->nload && r == 0; i++)
		r = plugin_host_check_config(h, now->load[i].name, now->load[i].init_config, err);
	return r;
}

void plugins_set_configs(struct plugin_host *h, const struct config *now)
{
	for (size_t i = 0; h && now && i < now->nload; i++) {
		struct error err = { 0 };
		int r = plugin_host_set_config(h, now->load[i].name, now->load[i].init_config, &err);

		if (r < 0)
			log_error("%s", err.text);
		else if (r)
			log_info("plugin " STR_FMT ": it has its new configuration", STR_ARG(now->load[i].name));
	}
}

bool plugins_take_config(const struct plugin_host *h, struct str name)
{
	for (size_t i = 0; h && i < plugin_host_count(h); i++) {
		const struct plugin *p = plugin_host_plugin(h, i);
		struct plugin_view view;

		plugin_get(p, &view);
		if (str_eq(view.name, name))
			return plugin_takes_config(p);
	}
	return false;
}

int plugins_compile_others(const struct plugins *p, struct rule_loader *loader, struct pipeline_source **ret_others,
			   size_t *ret_n, struct error *err)
{
	int r = 0;

	*ret_others = NULL;
	*ret_n = 0;
	if (!p->together || !p->count)
		return 0;
	*ret_others = calloc(p->count, sizeof(**ret_others));
	if (!*ret_others)
		return error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < p->count && r == 0; i++) {
		struct plugin_view view;
		struct ruleset *rules;

		plugin_get(p->list[i], &view);
		if (!view.source.len)
			continue;
		r = rule_loader_compile_for(loader, view.source, &rules, err);
		if (r == 0)
			(*ret_others)[(*ret_n)++] = (struct pipeline_source){ view.id, view.source, rules };
	}
	return r;
}

void plugins_free_others(struct pipeline_source *others, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ruleset_free((struct ruleset *)(uintptr_t)others[i].rules);
	free(others);
}

bool plugins_have_source(const struct plugins *p, struct str source)
{
	for (size_t i = 0; i < p->nsources; i++)
		if (str_eq(p->sources[i].name, source))
			return true;
	return false;
}

bool plugins_send(const struct plugins *p)
{
	for (size_t i = 0; i < p->count; i++) {
		struct plugin_view view;

		plugin_get(p->list[i], &view);
		if (view.capabilities & PLUGIN_ASYNC)
			return true;
	}
	return false;
}

bool plugins_give_calls(const struct plugins *p)
{
	for (size_t i = 0; i < p->count; i++) {
		struct plugin_view view;

		plugin_get(p->list[i], &view);
		if (view.capabilities & PLUGIN_SOURCE && !view.source.len)
			return true;
	}
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
			return error_set(err, -EINVAL,
					 "plugin " STR_FMT
					 ": none of the event sources that there are is one that it works on",
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

int plugins_start(const struct plugins *p, struct str source, struct state *state, bool live,
		  struct plugin_host **ret_host, struct error *err)
{
	auto_plugin_host struct plugin_host *h = NULL;
	const struct plugin_set *set = find_set(p, source);
	int r;

	*ret_host = NULL;
	if (!set)
		return 0;
	r = plugin_host_new(&(struct plugin_host_options){ .state = state, .source = source, .live = live }, &h, err);
	if (r == 0)
		r = plugin_host_add_all(h, p->together ? p->list : set->list, p->count, err);
	if (r == 0 && plugin_host_count(h))
		*ret_host = take_ptr(h);
	return r;
}

int plugins_open(const struct plugins *p, struct str source, plugin_answers answers, struct source **ret_source,
		 struct error *err)
{
	const struct plugin_set *set = find_set(p, source);

	for (size_t i = 0; set && i < p->count; i++) {
		struct plugin_view view;

		if (!set->list[i])
			continue;
		plugin_get(set->list[i], &view);
		if (view.capabilities & PLUGIN_SOURCE &&
		    str_eq(view.source, str_eq(set->source, STR("syscall")) ? STR("") : set->source))
			return plugin_source_open(set->list[i], p->wanted[i].open_params, answers, ret_source, err);
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
	for (size_t i = 0; i < p->count; i++)
		plugin_free(p->list[i]);
	for (size_t i = 0; i < p->nwanted; i++) {
		strbuf_free(&p->wanted[i].path);
		free(p->wanted[i].open_params);
	}
	free(p->wanted);
	free(p->list);
	free(p->sources);
	free(p->names);
	free(p->async_events);
	free(p->sets);
	*p = (struct plugins){ 0 };
}
