#include "tests/stage6/images_scene.hpp"

#include "common/file.hpp"

std::string pax_record(const std::string& key, const std::string& value) {
    const std::string rest = " " + key + "=" + value + "\n";
    std::size_t length = rest.size() + 1;
    while (std::to_string(length).size() + rest.size() != length) ++length;
    return std::to_string(length) + rest;
}

Answer import(const EngineScene& scene, const std::string& tar, const std::string& query) {
    Talk talk{scene.socket()};
    talk.send("POST /v1.44/images/create?fromSrc=-" + query +
              " HTTP/1.1\r\nHost: docker\r\nConnection: close\r\nContent-Type: text/plain\r\n"
              "Content-Length: " +
              std::to_string(tar.size()) + "\r\n\r\n");
    talk.send(tar);
    return read_answer(talk);
}

std::string probe_archive() {
    return tar_entry({"./", '5', "", "", 0755}) +
           tar_entry({"probe", '0', read_file(probe(), 64u << 20), "", 0755}) + tar_end();
}

std::string root_of_image(const EngineScene& scene, const std::string& name) {
    const Answer answer = scene.request("GET", "/images/" + name + "/json");
    const Json image = answer.json();
    return image.find("GraphDriver")->find("Data")->find("UpperDir")->as_string();
}
