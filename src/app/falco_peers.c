/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>

#include "app/capture.h"
#include "app/falco_peers.h"
#include "app/limits.h"
#include "app/log.h"
#include "base/clock.h"
#include "base/thread.h"

#define MEASURE_MS 1000 /* the web server's figures are no newer */

/*
 * Several event sources at once: each has its pipeline, state, limits, captures and copies of plugins; rules
 * and outputs are shared.
 */
struct falco_peer {
	struct session session;
	struct capture capture;
	struct falco_peers *all;
	pthread_t thread;
	bool started;
	uint64_t next_measure_ms; /* monotonic */
	struct error err; /* of a failure; read when done */
	_Atomic bool done;
};

/* Plugins are called by one thread only: what the metrics tell of them is taken here. */
static void measure(struct falco_peer *p)
{
	uint64_t now;

	if (!p->all->measures || !p->session.plugins)
		return;
	now = clock_ms(CLOCK_MONOTONIC_COARSE);
	if (now < p->next_measure_ms)
		return;
	p->next_measure_ms = now + MEASURE_MS;
	plugin_host_measure(p->session.plugins);
}

static void wait_for_go(struct falco_peers *all)
{
	pthread_mutex_lock(&all->lock);
	all->waiting++;
	while (atomic_load(&all->pause) && !atomic_load(&all->stop))
		pthread_cond_wait(&all->go, &all->lock);
	all->waiting--;
	pthread_mutex_unlock(&all->lock);
}

static void *run(void *context)
{
	struct falco_peer *p = context;
	int r;

	do {
		r = session_step(&p->session, &p->err);
		measure(p);
		if (r >= 0 && atomic_load_explicit(&p->all->pause, memory_order_relaxed))
			wait_for_go(p->all);
	} while (r >= 0 && !atomic_load_explicit(&p->all->stop, memory_order_relaxed));
	if (r >= 0 || r == -ENODATA)
		p->err = (struct error){ 0 };
	atomic_store(&p->done, true);
	return NULL;
}

static int open_one(struct falco_peer *p, struct str name, const struct falco_peers_options *o, struct error *err)
{
	struct session *s = &p->session;
	struct pipeline_options options = *o->settings;
	struct source *source;
	int r;

	options.source_name = name;
	options.container_plugin = false;
	r = rule_loader_compile_for(o->loader, name, &s->rules, err);
	if (r == 0)
		r = limits_new(o->config, o->fields, true, &s->limits, err);
	if (r == 0)
		r = session_start_plugins(s, o->plugins, &options, true, err);
	if (r == 0)
		r = plugins_open(o->plugins, name, NULL, &source, err);
	if (r < 0)
		return r;
	output_list_share(&o->main->outputs, &s->outputs);
	if (capture_wanted(o->config, s->rules)) {
		capture_follow(&p->capture, o->config, s, source, &options);
		p->capture.peer = (unsigned int)(p - p->all->list) + 1;
	}
	return session_start(s, source, &options, err);
}

int falco_peers_open(struct falco_peers *p, const struct falco_sources *sources, const struct falco_peers_options *o,
		     struct error *err)
{
	struct session *main = o->main;
	int r = 0;

	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->go, NULL);
	p->list = calloc(sources->n, sizeof(*p->list));
	p->sessions = calloc(sources->n, sizeof(*p->sessions));
	if (!p->list || !p->sessions)
		return error_set(err, -ENOMEM, "out of memory");
	for (size_t i = 1; i < sources->n && r == 0; i++) {
		p->list[p->n].all = p;
		p->sessions[p->n] = &p->list[p->n].session;
		r = open_one(&p->list[p->n++], sources->list[i], o, err);
	}
	if (r < 0)
		return r;
	main->peers = p->sessions;
	main->npeers = p->n;
	return 0;
}

int falco_peers_start(struct falco_peers *p, const struct config *config, struct error *err)
{
	int failed = 0;

	p->measures = config->metrics_enabled && config->metrics_plugins_metrics_enabled;
	for (size_t i = 0; i < p->n && !failed; i++) {
		failed = thread_start(&p->list[i].thread, run, &p->list[i]);
		p->list[i].started = !failed;
	}
	return failed ? error_errno(err, failed, "a thread for an event source") : 0;
}

int falco_peers_running(struct falco_peers *p, struct error *err)
{
	int running = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct falco_peer *one = &p->list[i];

		if (!atomic_load(&one->done))
			running++;
		else if (one->err.code)
			return error_set(err, one->err.code, "%s", one->err.text);
	}
	return running;
}

bool falco_peers_gather(struct falco_peers *p)
{
	size_t idle = 0;

	pthread_mutex_lock(&p->lock);
	atomic_store(&p->pause, true);
	for (size_t i = 0; i < p->n; i++)
		idle += atomic_load(&p->list[i].done);
	idle += p->waiting;
	pthread_mutex_unlock(&p->lock);
	return idle == p->n;
}

void falco_peers_release(struct falco_peers *p)
{
	pthread_mutex_lock(&p->lock);
	atomic_store(&p->pause, false);
	pthread_cond_broadcast(&p->go);
	pthread_mutex_unlock(&p->lock);
}

static void tell_loss(const struct falco_peer *p)
{
	struct pipeline_stats stats;

	pipeline_stats(p->session.pipeline, &stats);
	if (stats.output_error.code)
		log_error("an alert was lost: %s", stats.output_error.text);
}

void falco_peers_stop(struct falco_peers *p)
{
	atomic_store(&p->stop, true);
	falco_peers_release(p);
	for (size_t i = 0; i < p->n; i++) {
		if (!p->list[i].started)
			continue;
		pthread_join(p->list[i].thread, NULL);
		p->list[i].started = false;
		pipeline_flush(p->list[i].session.pipeline); /* what limits hold back */
		tell_loss(&p->list[i]);
	}
}

void falco_peers_free(struct falco_peers *p)
{
	falco_peers_stop(p);
	for (size_t i = 0; i < p->n; i++) {
		capture_free(&p->list[i].capture);
		p->list[i].session.outputs.count = 0; /* they are another's */
		session_free(&p->list[i].session);
	}
	free(p->list);
	free(p->sessions);
}
