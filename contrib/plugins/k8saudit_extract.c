/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "k8saudit.h"

enum arg { NONE, KEY, INDEX };
enum many { ONE, LIST, NUMBER };

struct extraction {
	struct k8saudit *k;
	struct json_event *j;
	ss_plugin_extract_field *f;
	const char *path;
	/* values that were found; NULL stands for an element that has none */
	const cJSON **found;
	size_t nfound, found_cap;
	const char **texts; /* results */
	size_t ntexts, texts_cap;
};

static bool grow(struct json_event *j, void **list, size_t n, size_t *cap, size_t entry)
{
	size_t wanted = *cap ? *cap * 2 : 16;
	void *grown;

	if (n < *cap)
		return true;
	grown = json_event_keep(j, malloc(wanted * entry));
	if (!grown)
		return false;
	if (n)
		memcpy(grown, *list, n * entry);
	*list = grown;
	*cap = wanted;
	return true;
}

static void add_text(struct extraction *x, const char *text)
{
	if (text && grow(x->j, (void **)&x->texts, x->ntexts, &x->texts_cap, sizeof(*x->texts)))
		x->texts[x->ntexts++] = text;
}

static void add_value(struct extraction *x, const cJSON *value)
{
	if (value)
		add_text(x, json_event_text(x->j, value));
}

static void add_found(struct extraction *x, const cJSON *value)
{
	if (grow(x->j, (void **)&x->found, x->nfound, &x->found_cap, sizeof(*x->found)))
		x->found[x->nfound++] = value;
}

/* ---- paths ---- */

/* The member that the first step of a path names; *path moves on. */
static const cJSON *step(const cJSON *value, const char **path)
{
	size_t len = strcspn(*path, "|");
	char name[128];

	if (len >= sizeof(name))
		return NULL;
	memcpy(name, *path, len);
	name[len] = 0;
	*path += len + ((*path)[len] == '|');
	return cJSON_IsObject(value) ? cJSON_GetObjectItemCaseSensitive(value, name) : NULL;
}

static const cJSON *at(const cJSON *value, const char *path)
{
	while (value && *path)
		value = step(value, &path);
	return value;
}

/*
 * All values at a path, through the lists on the way. Paths have a fixed length, so this does not go deep.
 * False: there are none.
 */
static bool collect(struct extraction *x, const cJSON *value, const char *path)
{
	bool has_index = x->f->arg_present && !x->f->arg_key;
	const cJSON *element;

	while (*path) {
		if (cJSON_IsArray(value) && !has_index) {
			cJSON_ArrayForEach(element, value)
				if (!collect(x, element, path))
					add_found(x, NULL);
			return true;
		}
		if (cJSON_IsArray(value))
			value = x->f->arg_index < 1u << 30 ? cJSON_GetArrayItem(value, (int)x->f->arg_index) : NULL;
		value = step(value, &path);
		if (!value)
			return false;
	}
	add_found(x, value);
	return true;
}

/* ---- the ways of fields.def ---- */

static void find_AT(struct extraction *x)
{
	const cJSON *value = at(x->j->root, x->path), *element;

	if (!x->f->flist)
		add_value(x, value);
	else if (cJSON_IsArray(value))
		cJSON_ArrayForEach(element, value)
			add_value(x, element);
}

static void find_EACH(struct extraction *x)
{
	size_t i;

	if (!collect(x, x->j->root, x->path))
		return;
	for (i = 0; i < x->nfound; i++)
		add_value(x, x->found[i]);
}

static void find_FLAT(struct extraction *x)
{
	const cJSON *element;
	size_t i;

	if (!collect(x, x->j->root, x->path))
		return;
	for (i = 0; i < x->nfound; i++)
		if (cJSON_IsArray(x->found[i]))
			cJSON_ArrayForEach(element, x->found[i])
				add_value(x, element);
}

/* Names must be complete: a container without one is a broken request. */
static bool complete(struct extraction *x)
{
	size_t i;

	if (!collect(x, x->j->root, x->path))
		return false;
	for (i = 0; i < x->nfound; i++)
		if (!x->found[i])
			return false;
	return x->nfound;
}

/* What stands before the first colon or at sign. */
static const char *repository(struct extraction *x, const cJSON *image)
{
	const char *text = json_event_text(x->j, image);

	return text ? json_event_keep(x->j, strndup(text, strcspn(text, ":@"))) : NULL;
}

static void find_REPOSITORIES(struct extraction *x)
{
	size_t i;

	if (!complete(x))
		return;
	for (i = 0; i < x->nfound; i++)
		add_text(x, repository(x, x->found[i]));
}

static void find_FIRST_IMAGE(struct extraction *x)
{
	if (complete(x))
		add_value(x, x->found[0]);
}

static void find_FIRST_REPOSITORY(struct extraction *x)
{
	if (complete(x))
		add_text(x, repository(x, x->found[0]));
}

static const char *joined(struct extraction *x, const cJSON *words)
{
	const cJSON *word;
	size_t len = 1;
	char *text, *to;

	cJSON_ArrayForEach(word, words) {
		if (!cJSON_IsString(word))
			return NULL;
		len += strlen(word->valuestring) + 1;
	}
	text = to = malloc(len);
	if (!text)
		return NULL;
	cJSON_ArrayForEach(word, words) {
		if (to != text)
			*to++ = ' ';
		to = stpcpy(to, word->valuestring);
	}
	*to = 0;
	return json_event_keep(x->j, text);
}

static void find_JOINED(struct extraction *x)
{
	size_t i;

	if (!collect(x, x->j->root, x->path))
		return;
	for (i = 0; i < x->nfound; i++)
		if (cJSON_IsArray(x->found[i]))
			add_text(x, joined(x, x->found[i]));
}

/* A port of the host; with the host's network that is the container's own. */
static void find_PORTS(struct extraction *x)
{
	const cJSON *port, *number;
	size_t i;

	if (!collect(x, x->j->root, x->path))
		return;
	for (i = 0; i < x->nfound; i++) {
		if (!cJSON_IsArray(x->found[i]))
			continue;
		cJSON_ArrayForEach(port, x->found[i]) {
			number = cJSON_GetObjectItemCaseSensitive(port, "hostPort");
			add_value(x, number ? number : cJSON_GetObjectItemCaseSensitive(port, "containerPort"));
		}
	}
}

static void find_ANY_TRUE(struct extraction *x)
{
	bool any = false;
	size_t i;

	if (!collect(x, x->j->root, x->path))
		return;
	for (i = 0; i < x->nfound; i++)
		any |= cJSON_IsTrue(x->found[i]);
	add_text(x, any ? "true" : "false");
}

/* The container's own identity, else the pod's, else root. The path's last step names it. */
static void find_EFFECTIVE(struct extraction *x)
{
	const char *what = strrchr(x->path, '|') + 1, *list = x->path + strlen("requestObject|spec|");
	const cJSON *spec = at(x->j->root, "requestObject|spec"), *containers, *element, *own, *pods;
	uint64_t i = 0;

	pods = cJSON_GetObjectItemCaseSensitive(at(spec, "securityContext"), what);
	containers = step(spec, &list);
	if (!cJSON_IsArray(containers))
		return;
	cJSON_ArrayForEach(element, containers) {
		if (x->f->arg_present && x->f->arg_index != i++)
			continue;
		own = cJSON_GetObjectItemCaseSensitive(at(element, "securityContext"), what);
		if (own || pods)
			add_value(x, own ? own : pods);
		else
			add_text(x, "0");
	}
}

static void find_HOSTPATH(struct extraction *x)
{
	const char *key = x->f->arg_key;
	size_t len = key ? strlen(key) : 0, i;
	bool below = len && key[len - 1] == '*', any = false;

	if (!key || !collect(x, x->j->root, x->path))
		return;
	for (i = 0; i < x->nfound; i++) {
		const cJSON *v = x->found[i];

		if (cJSON_IsString(v))
			any |= below ? strncmp(v->valuestring, key, len - 1) == 0 : strcmp(v->valuestring, key) == 0;
	}
	add_text(x, any ? "true" : "false");
}

static void find_VOLUME_TYPES(struct extraction *x)
{
	const cJSON *volumes = at(x->j->root, x->path), *volume, *member;
	uint64_t i = 0;

	if (!cJSON_IsArray(volumes))
		return;
	cJSON_ArrayForEach(volume, volumes) {
		if ((x->f->arg_present && x->f->arg_index != i++) || !cJSON_IsObject(volume))
			continue;
		cJSON_ArrayForEach(member, volume)
			if (strcmp(member->string, "name") != 0)
				add_text(x, member->string);
	}
}

static void find_TARGET_POD(struct extraction *x)
{
	const cJSON *resource = at(x->j->root, "objectRef|resource"), *sub = at(x->j->root, "objectRef|subresource");

	if (cJSON_IsString(resource) && strcmp(resource->valuestring, "pods") == 0 &&
	    !(cJSON_IsString(sub) && *sub->valuestring))
		find_AT(x);
}

static const char *with_namespace(struct extraction *x, const cJSON *subject, const char *name)
{
	const cJSON *namespace = cJSON_GetObjectItemCaseSensitive(subject, "namespace");
	const char *first = namespace ? json_event_text(x->j, namespace) : NULL;
	char *text = first ? malloc(strlen(first) + strlen(name) + 2) : NULL;

	if (!text)
		return NULL;
	(void)stpcpy(stpcpy(stpcpy(text, first), ":"), name);
	return json_event_keep(x->j, text);
}

static void find_SUBJECTS(struct extraction *x)
{
	const cJSON *subjects = at(x->j->root, "requestObject|subjects"), *subject, *kind, *name;
	size_t len = strcspn(x->path, "|");
	bool namespaced = x->path[len];

	if (!cJSON_IsArray(subjects))
		return;
	cJSON_ArrayForEach(subject, subjects) {
		kind = cJSON_GetObjectItemCaseSensitive(subject, "kind");
		name = cJSON_GetObjectItemCaseSensitive(subject, "name");
		if (!cJSON_IsString(kind) || !cJSON_IsString(name) || strlen(kind->valuestring) != len ||
		    strncmp(kind->valuestring, x->path, len) != 0)
			continue;
		add_text(x, namespaced ? with_namespace(x, subject, name->valuestring) : name->valuestring);
	}
}

static int hex(char c)
{
	const char *digits = "0123456789abcdef0123456789ABCDEF", *found = c ? strchr(digits, c) : NULL;

	return found ? (int)((found - digits) % 16) : -1;
}

/* A piece of a query with %XX and + undone. */
static char *unescaped(const char *from, size_t len)
{
	char *text = malloc(len + 1), *to = text;

	for (size_t i = 0; text && i < len; i++) {
		if (from[i] == '%' && i + 2 < len && hex(from[i + 1]) >= 0 && hex(from[i + 2]) >= 0) {
			*to++ = (char)(hex(from[i + 1]) * 16 + hex(from[i + 2]));
			i += 2;
		} else {
			*to++ = from[i] == '+' ? ' ' : from[i];
		}
	}
	if (text)
		*to = 0;
	return text;
}

static void find_URI_PARAM(struct extraction *x)
{
	const cJSON *uri = at(x->j->root, x->path);
	const char *at_pair = cJSON_IsString(uri) ? strchr(uri->valuestring, '?') : NULL;

	while (x->f->arg_key && at_pair && *at_pair && *at_pair != '#') {
		size_t len, name_len;
		char *name;
		bool same;

		at_pair++;
		len = strcspn(at_pair, "&#");
		name_len = strcspn(at_pair, "=&#");
		name = unescaped(at_pair, name_len);
		same = name && strcmp(name, x->f->arg_key) == 0;
		free(name);
		if (same) {
			size_t skip = name_len < len ? name_len + 1 : len;

			add_text(x, json_event_keep(x->j, unescaped(at_pair + skip, len - skip)));
			return;
		}
		at_pair += len;
	}
}

static void find_TRUE(struct extraction *x)
{
	add_text(x, "true");
}

static void find_FAILURES(struct extraction *x)
{
	if (!x->k->failures.count)
		return;
	x->f->res.u64 = &x->k->failures.count;
	x->f->res_len = 1;
}

/* ---- the table ---- */

static const struct {
	const char *name;
	enum many many;
	enum arg arg;
	void (*find)(struct extraction *x);
	const char *path, *help;
} fields[] = {
#define KA(name, many, arg, way, path, help) { name, many, arg, find_##way, path, help },
#include "k8saudit_fields.def"
#undef KA
};

static bool add_field(cJSON *list, size_t i)
{
	cJSON *field = cJSON_CreateObject(), *arg;

	if (!field || !cJSON_AddItemToArray(list, field))
		return false;
	if (!cJSON_AddStringToObject(field, "type", fields[i].many == NUMBER ? "uint64" : "string") ||
	    !cJSON_AddStringToObject(field, "name", fields[i].name) ||
	    !cJSON_AddStringToObject(field, "desc", fields[i].help))
		return false;
	if (fields[i].many == LIST && !cJSON_AddTrueToObject(field, "isList"))
		return false;
	if (fields[i].arg == NONE)
		return true;
	arg = cJSON_AddObjectToObject(field, "arg");
	return arg && (fields[i].arg != KEY || cJSON_AddTrueToObject(arg, "isRequired")) &&
	       cJSON_AddTrueToObject(arg, fields[i].arg == KEY ? "isKey" : "isIndex");
}

char *k8saudit_fields(void)
{
	cJSON *list = cJSON_CreateArray();
	char *text = NULL;
	bool good = list;

	for (size_t i = 0; good && i < sizeof(fields) / sizeof(fields[0]); i++)
		good = add_field(list, i);
	if (good)
		text = cJSON_PrintUnformatted(list);
	cJSON_Delete(list);
	return text;
}

void k8saudit_extract(struct k8saudit *k, ss_plugin_extract_field *f)
{
	struct json_event *j = &k->event;
	struct extraction x = { .k = k, .j = j, .f = f };

	f->res_len = 0;
	if (!j->root || f->field_id >= sizeof(fields) / sizeof(fields[0]) ||
	    !cJSON_GetObjectItemCaseSensitive(j->root, "auditID"))
		return;
	x.path = fields[f->field_id].path;
	fields[f->field_id].find(&x);
	if (x.ntexts)
		json_event_set_list(f, x.texts, f->flist ? x.ntexts : 1);
}
