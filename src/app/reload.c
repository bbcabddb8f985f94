/* SPDX-License-Identifier: Apache-2.0 */
#include "app/reload.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

#include "app/internal_alert.h"
#include "app/log.h"
#include "app/service.h"
#include "app/signals.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/thread.h"

struct reload {
	const struct reload_ops *ops;
	void *context;
	struct session *session;
	struct exporters *exporters;
	struct file_watch *watch; /* NULL = by signal only */
	struct config *config; /* in force, when it is ours: the first one is the command's */
	bool due; /* asked for */
	bool working; /* the thread was started and not yet joined */
	pthread_t thread;
	atomic_bool done;
	/* the thread's, until it is done */
	struct reload_set set;
	struct error err;
	int result;
	uint64_t gather_until; /* monotonic ms; 0 = nobody was asked to stop yet */
};

/* ---- what is watched ----------------------------------------------------------------------------------- */

static int watch_texts(struct file_watch *w, const struct yaml_node *list)
{
	char path[4096];
	int r = 0;

	for (size_t i = 0; r == 0 && i < config_items(list); i++) {
		struct str text;
		const struct yaml_node *entry = list->kind == YAML_SEQUENCE ? list->items[i] : list;

		if (!config_tree_text(entry->kind == YAML_MAP ? yaml_get(entry, "path") : entry, &text) ||
		    text.len >= sizeof(path))
			continue;
		snprintf(path, sizeof(path), STR_FMT, STR_ARG(text));
		r = file_watch_add(w, path);
	}
	return r;
}

/* The files that were read, and what they name, also if it is not there yet. */
static int watch_config(struct file_watch *w, const struct config *c)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < c->norigins; i++)
		if (c->origins[i].kind == CONFIG_FROM_FILE)
			r = file_watch_add(w, c->origins[i].name.ptr);
	if (r == 0 && c->config_files)
		r = watch_texts(w, c->config_files);
	if (r == 0 && c->rules_files_node)
		r = watch_texts(w, c->rules_files_node);
	if (r == 0 && c->rules_file_node)
		r = watch_texts(w, c->rules_file_node);
	return r;
}

static void watch_all(struct reload *r)
{
	const struct config *c = r->session->config;

	if (!r->watch)
		return;
	file_watch_clear(r->watch);
	if ((c && watch_config(r->watch, c) < 0) || (r->ops->watch && r->ops->watch(r->context, r->watch) < 0))
		log_error("out of memory: not all files are watched");
}

/* ---- the thread ---------------------------------------------------------------------------------------- */

static void *work(void *reload)
{
	struct reload *r = reload;

	r->result = r->ops->read(r->context, &r->set, &r->err);
	if (r->result == 0)
		r->result = r->ops->compile(r->context, &r->set, &r->err);
	atomic_store(&r->done, true);
	return NULL;
}

static void begin(struct reload *r)
{
	int error;

	r->due = false;
	service_reloading();
	if (r->watch) /* what changes from now on may or may not be part of what is read */
		file_watch_note(r->watch);
	r->err = (struct error){ 0 };
	atomic_store(&r->done, false);
	error = thread_start(&r->thread, work, r);
	r->working = error == 0;
	if (!error)
		return;
	log_error("the configuration and the rules cannot be loaded again: %s", strerror(-error));
	service_ready();
}

/* ---- its result ---------------------------------------------------------------------------------------- */

static void refuse(struct reload *r)
{
	auto_strbuf struct strbuf message = { 0 };
	auto_alert_fields struct alert_fields fields = { 0 };
	struct session *s = r->session;

	s->reloads_refused++;
	log_error("%s; what was loaded before stays in force", r->err.text);
	/* the words that Falco's rule has for it */
	strbuf_adds(&message, "Falco internal: hot restart failure: ");
	strbuf_adds(&message, r->err.text);
	internal_alert_raise(s, s->config && s->config->time_format_iso_8601,
			     &(struct internal_alert){ clock_ns(CLOCK_REALTIME), PRIORITY_CRITICAL,
						       "Falco internal: hot restart failure", &message, &fields });
}

/* The plugins of an event source: 0 is the session's own, then its peers'. */
static struct plugin_host *host_of(const struct session *s, size_t i)
{
	return i ? s->peers[i - 1]->plugins : s->plugins;
}

static bool takes_config(const struct session *s, struct str plugin)
{
	for (size_t i = 0; i <= s->npeers; i++)
		if (plugins_take_config(host_of(s, i), plugin))
			return true;
	return false;
}

/* But for what they have been given. */
static bool plugins_are_same(const struct session *s, const struct config *now, const struct config *former)
{
	bool same = now->nload == former->nload && now->container_plugin == former->container_plugin;

	for (size_t i = 0; same && i < now->nload; i++) {
		const struct config_plugin *a = &now->load[i], *b = &former->load[i];

		same = str_eq(a->name, b->name) && str_eq(a->library_path, b->library_path) &&
		       str_eq(a->open_params, b->open_params) &&
		       (str_eq(a->init_config, b->init_config) || takes_config(s, a->name));
	}
	return same;
}

/* What was decided when the program started. */
static void tell_fixed(const struct session *s, const struct config *now, const struct config *former)
{
	static const char *const blocks[] = { "engine", "falco_libs", "capture", "monitor.capture", "monitor.run" };

	for (size_t i = 0; now && former && i < ARRAY_SIZE(blocks); i++) {
		auto_strbuf struct strbuf is = { 0 }, was = { 0 };

		config_add_block(now, blocks[i], &is);
		config_add_block(former, blocks[i], &was);
		if (!is.failed && !was.failed && !str_eq(strbuf_str(&is), strbuf_str(&was)))
			log_warning("configuration: %s has changed; that takes effect at the next start", blocks[i]);
	}
	if (now && former && !plugins_are_same(s, now, former))
		log_warning("configuration: plugins has changed; that takes effect at the next start");
}

static int adopt(struct reload *r)
{
	struct reload_set *set = &r->set;
	int error = r->ops->check ? r->ops->check(r->context, set, &r->err) : 0;

	for (size_t i = 0; i <= r->session->npeers && error == 0; i++)
		error = plugins_check_configs(host_of(r->session, i), set->config, &r->err);
	if (error == 0)
		error = reload_set_adopt(set, r->session, r->exporters,
					 r->ops->wants ? r->ops->wants(r->context, set->rules) : NULL, &r->err);
	if (error == -EOPNOTSUPP && r->ops->explain)
		r->ops->explain(r->context, set->rules, &r->err);
	return error;
}

static void finish(struct reload *r)
{
	struct session *s = r->session;
	const struct config *former = s->config;

	pthread_join(r->thread, NULL);
	r->working = false;
	r->gather_until = 0;
	if (r->result == 0)
		r->result = adopt(r);
	if (r->result < 0) {
		reload_set_free(&r->set);
		refuse(r);
		return;
	}
	s->reloads++;
	s->reload_ts = clock_ns(CLOCK_REALTIME);
	if (r->ops->adopted)
		r->ops->adopted(r->context, s->config);
	for (size_t i = 0; i <= s->npeers; i++)
		plugins_set_configs(host_of(s, i), s->config);
	tell_fixed(s, s->config, former);
	/* the members are the former ones now; of the configurations the first is not ours */
	config_free(r->config);
	r->config = (struct config *)(uintptr_t)s->config;
	r->set.config = NULL;
	reload_set_free(&r->set);
	log_warning("the configuration and the rules were loaded again: %zu rule%s", ruleset_count_enabled(s->rules),
		    str_plural(ruleset_count_enabled(s->rules)));
}

/*
 * Whether all stand still, as it must be for a good set to be taken up; or one does not in time, and then it
 * is no good one.
 */
static bool is_gathered(struct reload *r)
{
	uint64_t now;

	if (r->result < 0 || !r->ops->gather || r->ops->gather(r->context))
		return true;
	now = clock_ms(CLOCK_MONOTONIC);
	if (!r->gather_until)
		r->gather_until = now + RELOAD_GATHER_MS;
	if (now < r->gather_until)
		return false;
	r->result = error_set(&r->err, -ETIMEDOUT, "an event source does not come to an end of what it does");
	return true;
}

/* ---- the interface ------------------------------------------------------------------------------------- */

void reload_look(struct reload *r)
{
	bool was_working = r->working;

	if (signals_reload_requested() || (r->watch && file_watch_changed(r->watch)))
		r->due = true;
	if (r->working && atomic_load(&r->done) && is_gathered(r)) {
		finish(r);
		if (r->ops->release)
			r->ops->release(r->context);
	}
	if (was_working && !r->working) {
		watch_all(r);
		service_ready(); /* with the new set, or as before */
	}
	if (r->due && !r->working)
		begin(r);
}

/* A pipe (`-r <(...)`) gives what it has once, and then would keep us waiting. */
static bool is_pipe(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

static bool reads_pipes(const struct session *s)
{
	bool any = false;

	for (size_t i = 0; !any && s->config && i < s->config->norigins; i++)
		any = s->config->origins[i].kind == CONFIG_FROM_FILE && is_pipe(s->config->origins[i].name.ptr);
	for (size_t i = 0; !any && i < s->input.count; i++)
		any = is_pipe(s->input.list[i].path);
	return any;
}

/* Whether the files say what is in force. When they cannot be read any more, that is for the next loading to tell. */
static bool is_current(const struct reload *r)
{
	auto_reload_set struct reload_set now = { 0 };
	const struct session *s = r->session;

	if (reads_pipes(s))
		return true;
	return r->ops->read(r->context, &now, NULL) == 0 && config_is_same(now.config, s->config) &&
	       rules_input_is_same(&now.input, &s->input);
}

int reload_new(const struct reload_ops *ops, void *context, struct session *session, struct exporters *exporters,
	       bool watch_files, struct reload **ret_reload, struct error *err)
{
	struct reload *r = calloc(1, sizeof(*r));
	struct error why = { 0 };

	if (!r)
		return error_set(err, -ENOMEM, "out of memory");
	r->ops = ops;
	r->context = context;
	r->session = session;
	r->exporters = exporters;
	if (watch_files && file_watch_new(&r->watch, &why) < 0)
		log_warning("%s: only SIGHUP loads the rules again", why.text);
	watch_all(r);
	if (r->watch) {
		file_watch_note(r->watch);
		r->due = !is_current(r);
	}
	signals_catch_reload();
	*ret_reload = r;
	return 0;
}

void reload_free(struct reload *r)
{
	if (!r)
		return;
	if (r->working)
		pthread_join(r->thread, NULL);
	reload_set_free(&r->set);
	file_watch_free(r->watch);
	if (r->config && r->session->config == r->config)
		r->session->config = NULL;
	config_free(r->config);
	free(r);
}
