// The images that there are, and where they lie:
//
// ROOT/images/layers/HEX/root        the files of a layer whose digest is HEX
// ROOT/images/layers/HEX/layer.json  its size
// ROOT/images/configs/HEX.json       an image: its configuration in OCI's form (config.md of
//                                    github.com/opencontainers/image-spec); HEX is its digest
// ROOT/images/repositories.json      what images are called
// ROOT/images/unfinished/X           a layer that is being made or removed; cleared at a start
//
// Everything gets its place by a rename when it is whole and on the disk.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stage6-daemon-shim/core/daemon/image_name.hpp"
#include "stage6-daemon-shim/core/daemon/wall_time.hpp"
#include "stage6-daemon-shim/core/json/json.hpp"
#include "stage6-daemon-shim/core/loop/event_loop.hpp"

struct Image {
    std::string id;           // "sha256:" and 64 digits
    std::string layer;        // the same of its one layer
    std::uint64_t bytes = 0;  // of the layer's files
    WallTime created_at = 0;
    Json config;  // all of the configuration; its member "config" holds a container's defaults

    std::string short_id() const { return id.substr(7, 12); }
};
using ImagePointer = std::shared_ptr<const Image>;

// The image that is made here, from this machine's own programs, when it is first asked for.
inline constexpr const char* kHostImage = "host:latest";

class ImageStore {
public:
    // Below `directory`, which is made. What is damaged there is left out, and said on stderr.
    // Throws SystemError.
    ImageStore(EventLoop& loop, std::string directory);

    // By name, by id or by the front of an id; nothing where there is none. Throws HttpError 400
    // for what can be neither, and where several ids begin so.
    ImagePointer find(const std::string& as_given) const;
    // Throws HttpError 404 `No such image: x:latest` where there is none.
    ImagePointer get(const std::string& as_given) const;

    std::vector<ImagePointer> all() const;  // the newest first
    std::vector<std::string> names_of(const std::string& id) const;
    std::string root_of(const Image& image) const;  // the directory of its files

    // As get(); `host` is made when it is not there.
    Task<ImagePointer> get_or_make(std::string as_given);

    // A new image. `fill` fills the layer's empty directory, mostly in a worker, and returns
    // "DIGEST BYTES"; `config` is completed by what is known then. With a name it has that from its
    // first moment on.
    using Fill = std::function<Task<std::string>(std::string directory)>;
    Task<ImagePointer> add(Fill fill, Json config, std::optional<ImageName> name);

    void tag(const Image& image, const ImageName& name);
    void untag(const std::string& name);

    // Takes the image away, and its names; its layer stays as long as it is used, see drop_layers.
    void remove(const Image& image);

    // Removes, in a worker, the layers that belong to no image and that `is_used` (asked with the
    // directory of the layer's files) does not want. Returns their digests and their size.
    struct Dropped {
        std::vector<std::string> layers;
        std::uint64_t bytes = 0;
    };
    Dropped drop_layers(const std::function<bool(const std::string&)>& is_used);

private:
    class Unfinished;

    void load();
    void load_image(const std::string& hex);
    void load_names();
    void save_names() const;
    std::string keep_layer(const std::string& unfinished, const std::string& hex,
                           std::uint64_t bytes);
    void keep_image(const ImagePointer& image, const std::string& text,
                    const std::optional<ImageName>& name);
    Task<ImagePointer> make_host();

    EventLoop& loop_;
    std::string directory_;
    std::map<std::string, ImagePointer> by_id_;
    std::map<std::string, std::string> names_;     // "a:b" and the id
    std::map<std::string, std::uint64_t> layers_;  // "sha256:..." and the size
    bool making_host_ = false;
    Event host_made_;
};
