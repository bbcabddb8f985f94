/* SPDX-License-Identifier: Apache-2.0 */
#include "state/users.h"

#include <errno.h>

#include "event/clean.h"
#include "state/internal.h"

static struct user_db *find_db(const struct users *u, struct str container_id)
{
	size_t i;

	if (!container_id.len)
		return &u->dbs[0];
	for (i = 1; i < u->ndbs; i++)
		if (str_eq(rstr_str(u->dbs[i].container_id), container_id))
			return &u->dbs[i];
	return NULL;
}

static struct user_db *make_db(struct users *u, struct str container_id)
{
	struct user_db *db = u->ndbs ? find_db(u, container_id) : NULL, *grown;
	struct rstr *id;

	if (db)
		return db;
	id = rstr_new(container_id);
	grown = id ? realloc(u->dbs, (u->ndbs + 1) * sizeof(*grown)) : NULL;
	if (!grown) {
		rstr_unref(id);
		return NULL;
	}
	u->dbs = grown;
	u->dbs[u->ndbs] = (struct user_db){ .container_id = id };
	return &u->dbs[u->ndbs++];
}

static void free_user(struct user *user)
{
	if (!user)
		return;
	rstr_unref(user->name);
	rstr_unref(user->home);
	rstr_unref(user->shell);
	free(user);
}

static void free_group(struct group *group)
{
	if (!group)
		return;
	rstr_unref(group->name);
	free(group);
}

int users_init(struct users *u)
{
	*u = (struct users){ 0 };
	if (!make_db(u, STR("")))
		return -ENOMEM;
	u->root.name = rstr_new(STR("root"));
	u->root.home = rstr_new(STR("/root"));
	u->root.shell = rstr_new(STR("<NA>"));
	u->root_group.name = rstr_ref(u->root.name);
	return u->root.name && u->root.home && u->root.shell ? 0 : -ENOMEM;
}

void users_free(struct users *u)
{
	struct group *group;
	struct user *user;
	uint32_t at;
	size_t i;

	for (i = 0; i < u->ndbs; i++) {
		for (at = 0; (user = table_next(&u->dbs[i].users, &at));)
			free_user(user);
		for (at = 0; (group = table_next(&u->dbs[i].groups, &at));)
			free_group(group);
		table_free(&u->dbs[i].users);
		table_free(&u->dbs[i].groups);
		rstr_unref(u->dbs[i].container_id);
	}
	free(u->dbs);
	rstr_unref(u->root.name);
	rstr_unref(u->root.home);
	rstr_unref(u->root.shell);
	rstr_unref(u->root_group.name);
	rstr_unref(u->host_container);
	*u = (struct users){ 0 };
}

const struct user *users_user(const struct users *u, struct str container_id, uint32_t uid)
{
	const struct user_db *db = find_db(u, container_id);
	const struct user *user = db ? table_get(&db->users, uid) : NULL;

	return !user && uid == 0 ? &u->root : user;
}

const struct group *users_group(const struct users *u, struct str container_id, uint32_t gid)
{
	const struct user_db *db = find_db(u, container_id);
	const struct group *group = db ? table_get(&db->groups, gid) : NULL;

	return !group && gid == 0 ? &u->root_group : group;
}

static bool is_mark(struct str name)
{
	return name.len && (name.ptr[0] == '+' || name.ptr[0] == '-');
}

static int set_text(struct rstr **slot, struct str text)
{
	struct strbuf clean auto_strbuf = { 0 };
	int r = clean_replace(&text, &clean);

	return r < 0 ? r : rstr_assign(slot, text);
}

int users_set_user(struct users *u, struct str container_id, const struct user *from, struct str name, struct str home,
		   struct str shell)
{
	struct user_db *db = make_db(u, container_id);
	struct user *user;

	if (is_mark(name))
		return 0;
	if (!db)
		return -ENOMEM;
	user = table_get(&db->users, from->uid);
	if (!user) {
		user = calloc(1, sizeof(*user));
		if (!user || table_put(&db->users, from->uid, user) < 0) {
			free(user);
			return -ENOMEM;
		}
		user->uid = from->uid;
		user->gid = from->gid;
	}
	return set_text(&user->name, name) < 0 || set_text(&user->home, home) < 0 || set_text(&user->shell, shell) < 0 ?
		       -ENOMEM :
		       0;
}

int users_set_group(struct users *u, struct str container_id, uint32_t gid, struct str name)
{
	struct user_db *db = make_db(u, container_id);
	struct group *group;

	if (is_mark(name))
		return 0;
	if (!db)
		return -ENOMEM;
	group = table_get(&db->groups, gid);
	if (!group) {
		group = calloc(1, sizeof(*group));
		if (!group || table_put(&db->groups, gid, group) < 0) {
			free(group);
			return -ENOMEM;
		}
		group->gid = gid;
	}
	return set_text(&group->name, name);
}

void users_remove_user(struct users *u, struct str container_id, uint32_t uid)
{
	struct user_db *db = find_db(u, container_id);

	if (db)
		free_user(table_remove(&db->users, uid));
}

void users_remove_group(struct users *u, struct str container_id, uint32_t gid)
{
	struct user_db *db = find_db(u, container_id);

	if (db)
		free_group(table_remove(&db->groups, gid));
}

/* ---- events ---- */

int parse_user(struct state *s, const struct event *ev, struct subject *sub)
{
	struct user from = { .uid = (uint32_t)event_param_uint(ev, 0), .gid = (uint32_t)event_param_uint(ev, 1) };
	struct str container_id = event_param_text(ev, 5);
	int r = 0;

	(void)sub;
	if (ev->type == EV_USER_ADDED_E)
		r = users_set_user(&s->users, container_id, &from, event_param_text(ev, 2), event_param_text(ev, 3),
				   event_param_text(ev, 4));
	else
		users_remove_user(&s->users, container_id, from.uid);
	threads_changed_all(&s->threads, FACT_USERS);
	return r;
}

int parse_group(struct state *s, const struct event *ev, struct subject *sub)
{
	uint32_t gid = (uint32_t)event_param_uint(ev, 0);
	struct str container_id = event_param_text(ev, 2);
	int r = 0;

	(void)sub;
	if (ev->type == EV_GROUP_ADDED_E)
		r = users_set_group(&s->users, container_id, gid, event_param_text(ev, 1));
	else
		users_remove_group(&s->users, container_id, gid);
	threads_changed_all(&s->threads, FACT_USERS);
	return r;
}

/* ---- the layer's interface ---- */

int state_share_host(struct state *s, struct str container_id)
{
	return rstr_assign(&s->users.host_container, container_id);
}

bool state_is_ours(const struct state *s, struct str container_id)
{
	return str_eq(container_id, rstr_str(s->users.host_container));
}

/* Who watches from within a container has read the accounts of that. Containers in it have others. */
static struct str accounts_of(const struct state *s, struct str container_id)
{
	bool ours = state_is_ours(s, container_id);

	return ours && !find_db(&s->users, container_id) ? STR("") : container_id;
}

const struct user *state_user(const struct state *s, struct str container_id, uint32_t uid)
{
	return users_user(&s->users, accounts_of(s, container_id), uid);
}

const struct group *state_group(const struct state *s, struct str container_id, uint32_t gid)
{
	return users_group(&s->users, accounts_of(s, container_id), gid);
}

int state_set_user(struct state *s, struct str container_id, uint32_t uid, uint32_t gid, struct str name,
		   struct str home, struct str shell)
{
	struct user from = { .uid = uid, .gid = gid };

	threads_changed_all(&s->threads, FACT_USERS);
	return users_set_user(&s->users, container_id, &from, name, home, shell);
}

int state_set_group(struct state *s, struct str container_id, uint32_t gid, struct str name)
{
	threads_changed_all(&s->threads, FACT_USERS);
	return users_set_group(&s->users, container_id, gid, name);
}
