#include "stage6-daemon-shim/core/daemon/image_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "common/error.hpp"
#include "common/file.hpp"
#include "stage4-chroot/temporary_root.hpp"
#include "stage6-daemon-shim/core/archive/sha256.hpp"
#include "stage6-daemon-shim/core/contract/container_dir.hpp"
#include "stage6-daemon-shim/core/contract/fail_point.hpp"
#include "stage6-daemon-shim/core/daemon/system_info.hpp"
#include "stage6-daemon-shim/core/daemon/tree.hpp"
#include "stage6-daemon-shim/core/daemon/worker.hpp"
#include "stage6-daemon-shim/core/json/reader.hpp"
#include "stage6-daemon-shim/core/wire/http.hpp"

static constexpr const char* kLayers = "/layers";
static constexpr const char* kConfigs = "/configs";
static constexpr const char* kUnfinished = "/unfinished";
static constexpr const char* kNamesFile = "repositories.json";
static constexpr const char* kLayerFile = "layer.json";
static constexpr std::string_view kPrefix = "sha256:";

static void report(const std::string& text) {
    report_failure("images", Failure{text}, 0);
}

static bool is_digest(const std::string& hex) {
    return hex.size() == 64 && hex.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// --- what is on the disk ------------------------------------------------------------------------

ImageStore::ImageStore(EventLoop& loop, std::string directory)
    : loop_{loop}, directory_{std::move(directory)}, host_made_{loop} {
    for (const char* place : {kLayers, kConfigs, kUnfinished}) make_directories(directory_ + place);
    // A set-user-ID program of somebody's image must be out of reach for the users of this machine.
    check(::chmod(directory_.c_str(), 0700), "chmod", directory_);
    load();
}

void ImageStore::load() {
    for (const auto& name : entries_of(directory_ + kUnfinished)) {
        remove_tree(directory_ + kUnfinished + "/" + name);
    }
    for (const auto& hex : entries_of(directory_ + kLayers)) {
        try {
            const auto layer = ContainerDir::open(directory_ + kLayers + "/" + hex);
            const Json record = parse_json(layer.read(kLayerFile));
            const auto bytes = JsonReader{record}.get_integer("Size");
            layers_[std::string{kPrefix} + hex] = static_cast<std::uint64_t>(bytes);
        } catch (const std::exception& error) {
            report("layer " + hex + ": " + error.what());
        }
    }
    const auto configs = ContainerDir::open(directory_ + kConfigs);
    for (const auto& file : entries_of(directory_ + kConfigs)) {
        if (file.ends_with(".tmp")) configs.remove(file);
        const std::string hex = file.substr(0, file.find('.'));
        if (!is_digest(hex) || file != hex + ".json") continue;
        try {
            load_image(hex);
        } catch (const std::exception& error) {
            report("image " + hex + ": " + error.what());
        }
    }
    load_names();
}

// Whatever else the configuration says is looked at when it is needed; of another type it is an
// error then.
static Image parse_image(const std::string& text) {
    Image image;
    image.id = sha256_of(text);
    image.config = parse_json(text);
    const JsonReader config{image.config};
    const auto layers = config.get_object("rootfs").get_strings("diff_ids");
    if (layers.size() != 1) throw Failure{"it has not one layer"};
    image.layer = layers[0];
    image.created_at = parse_time(config.get_string("created"));
    config.get_object("config").get_string_map("Labels");
    return image;
}

void ImageStore::load_image(const std::string& hex) {
    const auto configs = ContainerDir::open(directory_ + kConfigs);
    auto image = std::make_shared<Image>(parse_image(configs.read(hex + ".json", 1u << 20)));
    if (image->id != std::string{kPrefix} + hex) throw Failure{"its content is not what it was"};
    const auto layer = layers_.find(image->layer);
    if (layer == layers_.end()) throw Failure{"its layer " + image->layer + " is missing"};
    image->bytes = layer->second;
    by_id_[image->id] = std::move(image);
}

void ImageStore::load_names() {
    const auto directory = ContainerDir::open(directory_);
    if (!directory.has(kNamesFile)) return;
    try {
        const Json names = parse_json(directory.read(kNamesFile, 1u << 20));
        for (const auto& [name, id] : JsonReader{names}.get_string_map("Repositories")) {
            if (by_id_.contains(id)) names_[name] = id;
        }
    } catch (const SystemError&) {
        throw;  // it may be there the next time, unless we wrote another one meanwhile
    } catch (const std::exception& error) {
        report(std::string{kNamesFile} + ": " + error.what());
    }
}

void ImageStore::save_names() const {
    Json names = Json::object();
    for (const auto& [name, id] : names_) names[name] = id;
    ContainerDir::open(directory_)
        .write_whole(kNamesFile, Json::object({{"Repositories", std::move(names)}}).text());
}

// --- looking up ---------------------------------------------------------------------------------

ImagePointer ImageStore::find(const std::string& as_given) const {
    if (const auto exact = by_id_.find(as_given); exact != by_id_.end()) return exact->second;
    const bool may_be_id = may_be_image_id(as_given);
    if (!as_given.starts_with(kPrefix)) {
        const auto named = names_.find(parse_image_name(as_given).text());
        if (named != names_.end()) return by_id_.at(named->second);
    }
    if (!may_be_id) return nullptr;
    const std::string id =
        as_given.starts_with(kPrefix) ? as_given : std::string{kPrefix} + as_given;
    const auto first = by_id_.lower_bound(id);
    if (first == by_id_.end() || !first->first.starts_with(id)) return nullptr;
    if (const auto next = std::next(first); next != by_id_.end() && next->first.starts_with(id)) {
        throw HttpError{400, "ambiguous image id prefix: " + as_given};
    }
    return first->second;
}

ImagePointer ImageStore::get(const std::string& as_given) const {
    if (ImagePointer image = find(as_given)) return image;
    const bool by_digest = as_given.starts_with(kPrefix);
    throw HttpError{404,
                    "No such image: " + (by_digest ? as_given : parse_image_name(as_given).text())};
}

std::vector<ImagePointer> ImageStore::all() const {
    std::vector<ImagePointer> list;
    for (const auto& [id, image] : by_id_) list.push_back(image);
    std::ranges::stable_sort(list, [](const auto& left, const auto& right) {
        return left->created_at > right->created_at;
    });
    return list;
}

std::vector<std::string> ImageStore::names_of(const std::string& id) const {
    std::vector<std::string> names;
    for (const auto& [name, named] : names_) {
        if (named == id) names.push_back(name);
    }
    return names;
}

std::string ImageStore::root_of(const Image& image) const {
    return directory_ + kLayers + "/" + image.layer.substr(kPrefix.size()) + "/root";
}

void ImageStore::tag(const Image& image, const ImageName& name) {
    const auto before = names_;
    names_[name.text()] = image.id;
    try {
        save_names();
    } catch (...) {
        names_ = before;
        throw;
    }
}

void ImageStore::untag(const std::string& name) {
    const auto before = names_;
    names_.erase(name);
    try {
        save_names();
    } catch (...) {
        names_ = before;
        throw;
    }
}

// --- coming and going ---------------------------------------------------------------------------

// A layer that is being made. What has not been kept is removed, in a worker.
class ImageStore::Unfinished {
public:
    Unfinished(EventLoop& loop, std::string path) : loop_{loop}, path_{std::move(path)} {
        fail_point<"make the place of a layer">();
        check(::mkdir(path_.c_str(), 0711), "mkdir", path_);
        check(::mkdir(root().c_str(), 0755), "mkdir", root());
        check(::chmod(root().c_str(), 0755), "chmod", root());
    }
    Unfinished(const Unfinished&) = delete;
    Unfinished& operator=(const Unfinished&) = delete;
    ~Unfinished() {
        if (file_exists(path_)) loop_.spawn(remove(loop_, path_));
    }

    static Task<void> remove(EventLoop& loop, std::string path) {
        std::vector<std::string> job = {"remove-tree", std::move(path)};
        co_await run_worker(loop, std::move(job));
    }

    const std::string& path() const { return path_; }
    std::string root() const { return path_ + "/root"; }

private:
    EventLoop& loop_;
    std::string path_;
};

// A layer of this content that is there already is as good.
std::string ImageStore::keep_layer(const std::string& unfinished, const std::string& hex,
                                   std::uint64_t bytes) {
    std::string digest = std::string{kPrefix} + hex;
    if (layers_.contains(digest)) return digest;
    const std::string record = Json::object({{"Size", bytes}}).text();
    const std::string place = directory_ + kLayers + "/" + hex;
    if (file_exists(place)) {
        // Whole, since it has its name; only its record could not be read.
        ContainerDir::open(place).write_whole(kLayerFile, record);
    } else {
        ContainerDir::open(unfinished).write_whole(kLayerFile, record);
        rename_durably(unfinished, place);
    }
    layers_[digest] = bytes;
    return digest;
}

// The record of an image is what counts: a name of one that is not there is none (load_names). So
// the name comes first, except where another image has it until this one is there.
void ImageStore::keep_image(const ImagePointer& image, const std::string& text,
                            const std::optional<ImageName>& name) {
    const bool is_free = name && !names_.contains(name->text());
    if (is_free) tag(*image, *name);
    const std::string file = image->id.substr(kPrefix.size()) + ".json";
    const auto configs = ContainerDir::open(directory_ + kConfigs);
    try {
        configs.write_whole(file, text);
    } catch (...) {
        if (is_free) names_.erase(name->text());
        configs.remove(file + ".tmp");
        configs.remove(file);  // it may have its name already, and not yet for good
        throw;
    }
    by_id_[image->id] = image;
    if (name && !is_free) tag(*image, *name);
}

Task<ImagePointer> ImageStore::add(Fill fill, Json config, std::optional<ImageName> name) {
    const Unfinished unfinished{loop_, directory_ + kUnfinished + "/" + random_id()};
    const std::string content = co_await fill(unfinished.root());
    const auto space = content.find(' ');
    if (!is_digest(content.substr(0, space))) throw Failure{"layer: no digest: " + content};
    const std::uint64_t bytes = std::stoull(content.substr(space + 1));
    const std::string layer = keep_layer(unfinished.path(), content.substr(0, space), bytes);
    config["architecture"] = architecture();
    config["os"] = "linux";
    config["rootfs"] =
        Json::object({{"type", "layers"}, {"diff_ids", Json::array(std::vector{layer})}});
    const std::string text = config.text();
    auto image = std::make_shared<Image>(parse_image(text));
    image->bytes = layers_.at(layer);
    keep_image(image, text, name);
    co_return image;
}

void ImageStore::remove(const Image& image) {
    const std::string id = image.id;
    fail_point<"remove an image's record">();
    ContainerDir::open(directory_ + kConfigs).remove(id.substr(kPrefix.size()) + ".json");
    by_id_.erase(id);
    const auto is_its = [&](const auto& known) { return known.second == id; };
    if (std::erase_if(names_, is_its) > 0) save_names();
}

ImageStore::Dropped ImageStore::drop_layers(
    const std::function<bool(const std::string&)>& is_used) {
    Dropped dropped;
    for (auto layer = layers_.begin(); layer != layers_.end();) {
        const std::string digest = layer->first;
        const std::string path = directory_ + kLayers + "/" + digest.substr(kPrefix.size());
        const bool of_image = std::ranges::any_of(
            by_id_, [&](const auto& known) { return known.second->layer == digest; });
        if (of_image || is_used(path + "/root")) {
            ++layer;
            continue;
        }
        const std::string grave = directory_ + kUnfinished + "/" + random_id();
        fail_point<"bury a layer">();
        check(::rename(path.c_str(), grave.c_str()), "rename", path);
        loop_.spawn(Unfinished::remove(loop_, grave));
        dropped.layers.push_back(digest);
        dropped.bytes += layer->second;
        layer = layers_.erase(layer);
    }
    return dropped;
}

// --- the root of this machine's own programs ----------------------------------------------------

static Json host_config() {
    const std::string now = time_text(wall_time_now());
    const char* about = "this machine's own programs";
    return Json::object(
        {{"created", now},
         {"comment", about},
         {"config", Json::object()},
         {"history", Json::array({Json::object({{"created", now}, {"comment", about}})})}});
}

Task<ImagePointer> ImageStore::make_host() {
    const Fill fill = [this](std::string directory) {
        return run_worker(loop_, {"make-host", std::move(directory)});
    };
    const ImageName name = parse_image_name(kHostImage);
    ImagePointer image = co_await add(fill, host_config(), name);
    co_return image;
}

Task<ImagePointer> ImageStore::get_or_make(std::string as_given) {
    // Two clients at once: the second gets what the first has made.
    while (making_host_) co_await host_made_.wait();
    const bool missing = !as_given.starts_with(kPrefix) &&
                         parse_image_name(as_given).text() == kHostImage && !find(as_given);
    if (!missing) co_return get(as_given);
    making_host_ = true;
    const std::shared_ptr<void> at_end{nullptr, [this](void*) {
                                           making_host_ = false;
                                           host_made_.notify_all();
                                       }};
    ImagePointer image = co_await make_host();
    co_return image;
}
