/* SPDX-License-Identifier: Apache-2.0 */
#include "state/container.h"

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <errno.h>

#include "event/clean.h"
#include "state/internal.h"

/* ---- metadata ---- */

static struct container *find(const struct containers *c, struct str id)
{
	size_t i;

	for (i = 0; i < c->count; i++)
		if (str_eq(rstr_str(c->items[i].id), id))
			return &c->items[i];
	return NULL;
}

static int set(struct containers *c, struct str id, struct str json, const char *ip)
{
	struct container *item = find(c, id), *grown;
	int r;

	if (!item) {
		grown = realloc(c->items, (c->count + 1) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		c->items = grown;
		item = &grown[c->count];
		*item = (struct container){ .id = rstr_new(id) };
		if (!item->id)
			return -ENOMEM;
		c->count++;
	}
	r = rstr_assign(&item->json, json);
	if (r == 0 && (!ip || inet_pton(AF_INET, ip, item->ip) != 1))
		memset(item->ip, 0, sizeof(item->ip));
	return r;
}

static void drop(struct containers *c, struct str id)
{
	struct container *item = find(c, id);

	if (!item)
		return;
	rstr_unref(item->id);
	rstr_unref(item->json);
	*item = c->items[--c->count];
}

void containers_free(struct containers *c)
{
	size_t i;

	while (c->count)
		drop(c, rstr_str(c->items[0].id));
	free(c->items);
	for (i = 0; i < CGROUP_CACHE; i++) {
		rstr_unref(c->cache[i].raw);
		rstr_unref(c->cache[i].cgroups);
		rstr_unref(c->cache[i].container_id);
	}
	*c = (struct containers){ 0 };
}

bool containers_have_ip(const struct containers *c, struct str own_id, const uint8_t ip[4])
{
	static const uint8_t none[4];
	const struct container *own = find(c, own_id);
	size_t i;

	if (own && memcmp(own->ip, none, 4))
		return !memcmp(own->ip, ip, 4);
	for (i = 0; i < c->count; i++)
		if (memcmp(c->items[i].ip, none, 4) && !memcmp(c->items[i].ip, ip, 4))
			return true;
	return false;
}

/* ---- threads ---- */

/* The names under which fields show a controller: the kernel's own differ between versions. */
static struct str controller_name(struct str name)
{
	static const struct str suffix = { "_cgroup", 7 };

	if (str_ends(name, suffix))
		name.len -= suffix.len;
	if (str_eq(name, STR("perf")))
		return STR("perf_event");
	if (str_eq(name, STR("mem")))
		return STR("memory");
	if (str_eq(name, STR("io")))
		return STR("blkio");
	return name;
}

/* Next NUL-ended piece of *rest; false at the end. */
static bool next_piece(struct str *rest, struct str *ret_piece)
{
	const char *end;

	if (!rest->len)
		return false;
	end = memchr(rest->ptr, 0, rest->len);
	*ret_piece = (struct str){ rest->ptr, end ? (size_t)(end - rest->ptr) : rest->len };
	rest->ptr += ret_piece->len + (end ? 1 : 0);
	rest->len -= ret_piece->len + (end ? 1 : 0);
	return true;
}

/* A runtime without an interface to ask: what the path tells is all that there is. */
static int note_bare_container(struct state *s, struct str id, int type)
{
	if (find(&s->containers, id))
		return 0;
	strbuf_reset(&s->text);
	strbuf_adds(&s->text, "{\"container\":{\"id\":\"");
	strbuf_addstr(&s->text, id);
	strbuf_addf(&s->text, "\",\"type\":%d}}", type);
	return s->text.failed ? -ENOMEM : set(&s->containers, id, strbuf_str(&s->text), NULL);
}

struct str container_id_of_cgroups(struct str cgroups, int *ret_type)
{
	struct str piece, path, id = STR("");
	const char *equals;

	*ret_type = -1;
	while (next_piece(&cgroups, &piece)) {
		equals = memchr(piece.ptr, '=', piece.len);
		if (!equals) /* a damaged list counts as none */
			return STR("");
		path = (struct str){ equals + 1, piece.len - (size_t)(equals + 1 - piece.ptr) };
		if (!id.len)
			id = container_id_of_cgroup(path, ret_type);
	}
	return id;
}

static int derive(struct state *s, struct str raw, struct cgroup_result *ret_result)
{
	struct str rest = raw, piece, path, id;
	struct cgroup_result result = { 0 };
	const char *equals;
	int type = -1;

	strbuf_reset(&s->text);
	while (next_piece(&rest, &piece)) {
		equals = memchr(piece.ptr, '=', piece.len);
		if (!equals) {
			strbuf_reset(&s->text);
			break;
		}
		path = (struct str){ equals + 1, piece.len - (size_t)(equals + 1 - piece.ptr) };
		clean_add(&s->text, controller_name((struct str){ piece.ptr, (size_t)(equals - piece.ptr) }));
		strbuf_addc(&s->text, '=');
		clean_add(&s->text, path);
		strbuf_addc(&s->text, 0);
	}
	id = s->options.container_plugin ? container_id_of_cgroups(raw, &type) : STR("");
	result.raw = rstr_new(raw);
	result.cgroups = s->text.failed ? NULL : rstr_new(strbuf_str(&s->text));
	result.container_id = id.len ? rstr_new(id) : NULL;
	if (!result.raw || !result.cgroups || (id.len && !result.container_id) ||
	    (type >= 0 && note_bare_container(s, rstr_str(result.container_id), type) < 0)) {
		rstr_unref(result.raw);
		rstr_unref(result.cgroups);
		rstr_unref(result.container_id);
		return -ENOMEM;
	}
	*ret_result = result;
	return 0;
}

int container_set_cgroups(struct state *s, struct thread *t, struct str raw)
{
	struct cgroup_result *found = NULL, fresh;
	struct containers *c = &s->containers;
	unsigned int i;
	int r;

	for (i = 0; i < CGROUP_CACHE && !found; i++)
		if (c->cache[i].raw && str_eq(rstr_str(c->cache[i].raw), raw))
			found = &c->cache[i];
	if (!found) {
		r = derive(s, raw, &fresh);
		if (r < 0)
			return r;
		found = &c->cache[c->cache_next++ % CGROUP_CACHE];
		rstr_unref(found->raw);
		rstr_unref(found->cgroups);
		rstr_unref(found->container_id);
		*found = fresh;
	}
	if (t->cgroups == found->cgroups)
		return 0;
	rstr_unref(t->cgroups);
	rstr_unref(t->container_id);
	t->cgroups = rstr_ref(found->cgroups);
	t->container_id = rstr_ref(found->container_id);
	threads_changed(t, FACT_CONTAINER);
	return 0;
}

/* ---- events ---- */

static int take_json(struct state *s, struct str text, bool added)
{
	cJSON *json = cJSON_ParseWithLength(text.ptr, text.len);
	const cJSON *container = cJSON_GetObjectItemCaseSensitive(json, "container");
	const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(container, "id"));
	const char *ip = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(container, "ip"));
	int r = 0;

	if (id && added)
		r = set(&s->containers, str_of(id), text, ip);
	else if (id)
		drop(&s->containers, str_of(id));
	cJSON_Delete(json);
	if (id)
		threads_changed_all(&s->threads, FACT_CONTAINER);
	return r;
}

int parse_container_json(struct state *s, const struct event *ev, struct subject *sub)
{
	(void)sub;
	return take_json(s, event_param_text(ev, 0), true);
}

int parse_container_async(struct state *s, const struct event *ev, struct subject *sub)
{
	struct str name = event_param_text(ev, 1), data = event_param(ev, 2);

	(void)sub;
	while (data.len && data.ptr[data.len - 1] == 0)
		data.len--;
	if (str_eq(name, STR("container")))
		return take_json(s, data, true);
	/* the event of a removal still shows the container: it goes when the event is settled */
	if (str_eq(name, STR("container_removed")))
		s->container_gone = s->pending = true;
	return 0;
}

void container_settle(struct state *s, const struct event *ev)
{
	struct str data = event_param(ev, 2);

	s->container_gone = false;
	if (ev->type != EV_ASYNCEVENT_E)
		return;
	while (data.len && data.ptr[data.len - 1] == 0)
		data.len--;
	(void)take_json(s, data, false);
}

const struct container *state_container(const struct state *s, struct str id)
{
	return find(&s->containers, id);
}

int containers_each(const struct containers *c, int (*visit)(void *context, struct str json), void *context)
{
	int r = 0;

	for (size_t i = 0; i < c->count && r == 0; i++)
		r = visit(context, rstr_str(c->items[i].json));
	return r;
}

struct str container_json(const struct container *c)
{
	return rstr_str(c->json);
}
