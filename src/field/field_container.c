/* SPDX-License-Identifier: Apache-2.0 */
#include "field/extract.h"
#include "field/field_container.h"

/*
 * The container that the thread is in: its id comes from the control groups, everything else from the JSON text of its
 * last container event. Without that, fields but the id are absent. The host is a container without metadata.
 */
#define SHORT_ID 12
#define HOST	 STR("host")

static bool on_host(const struct thread *t)
{
	return extract_container(t).len == 0;
}

/* The object that describes a container, "" when nothing is known. */
static struct str metadata(const struct field_context *ctx, struct str id)
{
	const struct container *c = id.len ? state_container(ctx->state, id) : NULL;
	struct str object = STR("");

	if (c && !json_member(container_json(c), STR("container"), &object))
		object = container_json(c);
	return object;
}

enum presence field_container_find(struct field_context *ctx, struct str *ret_object)
{
	*ret_object = STR("");
	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	if (on_host(ctx->subject.thread))
		return PRESENT;
	*ret_object = metadata(ctx, extract_container(ctx->subject.thread));
	return ret_object->len ? PRESENT : ABSENT;
}

/* A string member of the object; the empty text when it has none. */
static enum presence text_member(struct field_context *ctx, struct values *ret, struct str object, struct str name)
{
	struct str value = STR(""), text;

	json_member(object, name, &value);
	text = json_string(ctx->arena, value);
	return text.ptr ? extract_text(ctx, ret, text) : ABSENT;
}

EXTRACTOR(container_id)
{
	struct str id;

	(void)f;
	if (!ctx->subject.thread)
		return extract_no_thread(ctx);
	id = extract_container(ctx->subject.thread);
	return extract_text(ctx, ret, id.len ? id : HOST);
}

EXTRACTOR(container_text)
{
	static const char *const keys[] = {
		[KEY_FULL_ID] = "full_id",   [KEY_NAME] = "name",	 [KEY_IMAGE] = "image",
		[KEY_IMAGE_ID] = "imageid",  [KEY_REPOSITORY] = "imagerepo", [KEY_TAG] = "imagetag",
		[KEY_DIGEST] = "imagedigest", [KEY_IP] = "ip",		 [KEY_CNI] = "cni_json",
	};
	struct str object;
	enum presence presence = field_container_find(ctx, &object);

	if (presence != PRESENT)
		return presence;
	if (on_host(ctx->subject.thread) && (f->info->variant == KEY_FULL_ID || f->info->variant == KEY_NAME))
		return extract_text(ctx, ret, HOST);
	return text_member(ctx, ret, object, str_of(keys[f->info->variant]));
}

EXTRACTOR(container_flag)
{
	static const char *const keys[] = {
		[KEY_PRIVILEGED - KEY_PRIVILEGED] = "privileged",
		[KEY_HOST_PID - KEY_PRIVILEGED] = "host_pid",
		[KEY_HOST_NETWORK - KEY_PRIVILEGED] = "host_network",
		[KEY_HOST_IPC - KEY_PRIVILEGED] = "host_ipc",
	};
	struct str object, value = STR("");
	enum presence presence = field_container_find(ctx, &object);

	if (presence != PRESENT)
		return presence;
	json_member(object, str_of(keys[f->info->variant - KEY_PRIVILEGED]), &value);
	return extract_bool(ctx, ret, json_true(value));
}

/* Numbers of the container plugin's "type". */
static struct str type_name(int64_t type)
{
	static const char *const names[] = {
		[0] = "docker", [1] = "lxc",	   [2] = "libvirt-lxc", [3] = "mesos", [4] = "rkt",
		[6] = "cri",	[7] = "containerd", [8] = "cri-o",	[9] = "bpm",   [11] = "podman",
	};

	if (type < 0 || type >= (int64_t)ARRAY_SIZE(names) || !names[type])
		return STR("");
	return str_of(names[type]);
}

EXTRACTOR(container_type)
{
	struct str object, value = STR("");
	enum presence presence = field_container_find(ctx, &object);

	(void)f;
	if (presence != PRESENT)
		return presence;
	if (on_host(ctx->subject.thread))
		return extract_text(ctx, ret, HOST);
	json_member(object, STR("type"), &value);
	return extract_text(ctx, ret, type_name(json_int(value, -1)));
}

/* ---- labels ---- */

/* "name:value, name:value" without the runtime's own ones. */
static void add_labels(struct field_context *ctx, struct str labels)
{
	struct str name, value, text;
	size_t at = 0;

	while (json_next(labels, &at, &name, &value)) {
		if (str_starts(name, STR("annotation.")) || str_starts(name, STR("io.kubernetes.")))
			continue;
		if (ctx->scratch.len > 0)
			strbuf_adds(&ctx->scratch, ", ");
		strbuf_addstr(&ctx->scratch, name);
		text = json_string(ctx->arena, value);
		if (text.len > 0) {
			strbuf_addc(&ctx->scratch, ':');
			strbuf_addstr(&ctx->scratch, text);
		}
	}
}

static enum presence all_labels(struct field_context *ctx, struct values *ret, struct str object, struct str key)
{
	struct str labels = STR("");

	json_member(object, key, &labels);
	strbuf_reset(&ctx->scratch);
	add_labels(ctx, labels);
	return extract_scratch(ctx, ret);
}

static enum presence one_label(struct field_context *ctx, struct values *ret, struct str object, struct str key,
			       struct str name)
{
	struct str labels, value, text;

	if (!json_member(object, key, &labels) || !json_member(labels, name, &value))
		return ABSENT;
	text = json_string(ctx->arena, value);
	return text.ptr ? extract_text(ctx, ret, text) : ABSENT;
}

EXTRACTOR(container_label)
{
	struct str object;
	enum presence presence = field_container_find(ctx, &object);

	return presence == PRESENT ? one_label(ctx, ret, object, STR("labels"), f->arg) : presence;
}

EXTRACTOR(container_labels)
{
	struct str object;
	enum presence presence = field_container_find(ctx, &object);

	(void)f;
	return presence == PRESENT ? all_labels(ctx, ret, object, STR("labels")) : presence;
}

/* ---- pods ---- */

EXTRACTOR(pod_text)
{
	static const char *const labels[] = {
		[POD_NAME] = "io.kubernetes.pod.name",
		[POD_NAMESPACE] = "io.kubernetes.pod.namespace",
		[POD_UID] = "io.kubernetes.pod.uid",
	};
	struct str object;
	enum presence presence = field_container_find(ctx, &object);

	if (presence != PRESENT)
		return presence;
	return one_label(ctx, ret, object, STR("labels"), str_of(labels[f->info->variant]));
}

EXTRACTOR(pod_sandbox)
{
	struct str object, value = STR(""), id;
	enum presence presence = field_container_find(ctx, &object);

	if (presence != PRESENT)
		return presence;
	json_member(object, STR("pod_sandbox_id"), &value);
	id = json_string(ctx->arena, value);
	if (f->info->variant == SANDBOX_SHORT && id.len > SHORT_ID)
		id.len = SHORT_ID;
	return id.ptr ? extract_text(ctx, ret, id) : ABSENT;
}

/*
 * A pod's metadata is with its sandbox container when the runtime reports that one by itself (then the container has
 * no network result of its own). False: the sandbox is not known.
 */
static bool sandbox_of(struct field_context *ctx, struct str object, struct str *ret_sandbox)
{
	struct str value = STR(""), id;

	json_member(object, STR("pod_sandbox_id"), &value);
	id = json_string(ctx->arena, value);
	if (id.len > SHORT_ID)
		id.len = SHORT_ID;
	*ret_sandbox = metadata(ctx, id);
	return id.len == 0 || ret_sandbox->len > 0; /* no id: the host stands in, without any metadata */
}

static bool has_network(struct str object)
{
	struct str value = STR("");

	return json_member(object, STR("cni_json"), &value) && value.len > 2; /* more than the quotes */
}

EXTRACTOR(pod_network)
{
	struct str object;
	enum presence presence = field_container_find(ctx, &object);

	if (presence != PRESENT)
		return presence;
	if (!has_network(object) && !sandbox_of(ctx, object, &object))
		return ABSENT;
	return text_member(ctx, ret, object, f->info->variant == KEY_IP ? STR("ip") : STR("cni_json"));
}

#define POD_LABELS STR("pod_sandbox_labels")

EXTRACTOR(pod_label)
{
	struct str object, sandbox = STR("");
	enum presence presence = field_container_find(ctx, &object);

	if (presence != PRESENT)
		return presence;
	if (!has_network(object) && sandbox_of(ctx, object, &sandbox)) {
		presence = one_label(ctx, ret, sandbox, POD_LABELS, f->arg);
		if (presence == PRESENT)
			return presence;
	}
	return one_label(ctx, ret, object, POD_LABELS, f->arg);
}

EXTRACTOR(pod_labels)
{
	struct str object, sandbox;
	enum presence presence = field_container_find(ctx, &object);

	(void)f;
	if (presence != PRESENT)
		return presence;
	if (!has_network(object) && sandbox_of(ctx, object, &sandbox))
		object = sandbox;
	return all_labels(ctx, ret, object, POD_LABELS);
}
